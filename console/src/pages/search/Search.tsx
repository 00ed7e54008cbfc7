import { useRoute } from "preact-iso";
import { IndexPage } from "../index/IndexPage";

export function Search() {
  const { name = "" } = useRoute().params;
  return (
    <IndexPage name={name} here="search">
      …
    </IndexPage>
  );
}
