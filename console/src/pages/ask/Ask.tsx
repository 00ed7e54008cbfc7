import { Page } from "../../ui/Page";

export function Ask() {
  return <Page title="Ask">…</Page>;
}
