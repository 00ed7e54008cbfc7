import { useRoute } from "preact-iso";
import { IndexPage } from "../index/IndexPage";

export function MapPage() {
  const { name = "" } = useRoute().params;
  return (
    <IndexPage name={name} here="map">
      …
    </IndexPage>
  );
}
