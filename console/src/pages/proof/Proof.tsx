import { useRoute } from "preact-iso";
import { IndexPage } from "../index/IndexPage";

export function Proof() {
  const { name = "" } = useRoute().params;
  return (
    <IndexPage name={name} here="proof">
      …
    </IndexPage>
  );
}
