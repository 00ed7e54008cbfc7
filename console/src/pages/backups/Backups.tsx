import { Page } from "../../ui/Page";

export function Backups() {
  return <Page title="Backups">…</Page>;
}
