import { Page } from "../../ui/Page";

export function Tour() {
  return <Page title="Tour">…</Page>;
}
