import { Page } from "../../ui/Page";

export function Operate() {
  return <Page title="Operate">…</Page>;
}
