import { words } from "../../state/language";
import { Toolbar, type ToolbarProps } from "./Toolbar";

const say = words({
  filter: { en: "Filter", ko: "필터" },
  add: { en: "Add a record", ko: "레코드 추가" },
  exports: { en: "Export", ko: "내보내기" },
});

interface Props extends ToolbarProps {
  readonly filtering: boolean;
  readonly filtered: boolean;
  readonly onFilter: () => void;
  readonly onExport: () => void;
  readonly onAdd: () => void;
}

/** What is shown, and what can be done with all of it. */
export function Bar({ filtering, filtered, onFilter, onExport, onAdd, ...toolbar }: Props) {
  return (
    <div class="browse-bar">
      <Toolbar {...toolbar} />
      <button type="button" class="button" aria-expanded={filtering} onClick={onFilter}>
        {say("filter")} {filtered && <span class="browse-dot" aria-hidden="true" />}
      </button>
      <div class="browse-actions">
        <button type="button" class="button" onClick={onExport}>
          {say("exports")}
        </button>
        <button type="button" class="button primary" onClick={onAdd}>
          {say("add")}
        </button>
      </div>
    </div>
  );
}
