import { useRoute } from "preact-iso";
import { IndexPage } from "../index/IndexPage";

export function Browse() {
  const { name = "" } = useRoute().params;
  return (
    <IndexPage name={name} here="browse">
      …
    </IndexPage>
  );
}
