import { Page } from "../../ui/Page";

export function Studies() {
  return <Page title="Studies">…</Page>;
}
