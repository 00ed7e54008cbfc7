import { useRoute } from "preact-iso";
import { AssistantPage } from "./AssistantPage";
import { List } from "./List";
import "./ask.css";
import "./files.css";

export function Ask() {
  const { assistant } = useRoute().params;
  return assistant ? <AssistantPage key={assistant} name={assistant} /> : <List />;
}
