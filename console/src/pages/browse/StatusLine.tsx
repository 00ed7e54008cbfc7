import { number, words } from "../../state/language";
import type { RecordRows } from "./rows";
import type { View } from "./source";

const say = words({
  records: { en: { one: "{count} record", other: "{count} records" }, ko: "레코드 {count}개" },
  match: { en: { one: "{count} record matches", other: "{count} records match" }, ko: "{count}개 일치" },
  atLeast: { en: "{number} or more match", ko: "{number}개 이상 일치" },
  listing: { en: "{count} ids listed", ko: "아이디 {count}개 확인" },
  most: {
    en: "Only the first {count} can be scrolled to: filter, or give the beginning of the id.",
    ko: "처음 {count}개까지만 스크롤할 수 있습니다. 필터나 아이디 앞부분으로 좁히세요.",
  },
  chosen: { en: { one: "{count} chosen", other: "{count} chosen" }, ko: "{count}개 선택" },
  deleteChosen: { en: "Delete those chosen", ko: "선택한 레코드 삭제" },
  exportChosen: { en: "Export them", ko: "내보내기" },
  clear: { en: "Choose none", ko: "선택 해제" },
  deleteMatching: { en: "Delete all that match…", ko: "일치하는 레코드 모두 삭제…" },
  noPrefix: {
    en: "A delete goes by filter alone: clear the beginning of the id first.",
    ko: "삭제는 필터만 기준으로 합니다. 먼저 아이디 앞부분을 지우세요.",
  },
});

interface Props {
  readonly rows: RecordRows;
  readonly total: number | undefined;
  readonly view: View;
  readonly chosen: number;
  readonly most: number;
  readonly onDeleteChosen: () => void;
  readonly onDeleteMatching: () => void;
  readonly onExport: () => void;
  readonly onClear: () => void;
}

/** How many there are, and what can be done with many at once. */
export function StatusLine({ rows, total, view, chosen, most, ...on }: Props) {
  const narrowed = view.filter !== undefined || view.prefix !== "";
  const known = rows.done ? rows.ids.length : total;
  return (
    <div class="browse-status row" aria-live="polite">
      <span class="soft small">
        {known === undefined
          ? say("atLeast", { number: number(rows.ids.length) })
          : say(narrowed ? "match" : "records", { count: known })}
        {rows.listing && !rows.done && rows.ids.length > 1000 && ` · ${say("listing", { count: rows.ids.length })}`}
      </span>
      {known !== undefined && known > most && <span class="badge warn">{say("most", { count: most })}</span>}
      {chosen > 0 && (
        <span class="row browse-chosen">
          <strong class="small">{say("chosen", { count: chosen })}</strong>
          <button type="button" class="button small danger" onClick={on.onDeleteChosen}>
            {say("deleteChosen")}
          </button>
          <button type="button" class="button small" onClick={on.onExport}>
            {say("exportChosen")}
          </button>
          <button type="button" class="button quiet small" onClick={on.onClear}>
            {say("clear")}
          </button>
        </span>
      )}
      {view.filter && (
        <button
          type="button"
          class="button small danger browse-end"
          disabled={view.prefix !== "" || known === 0}
          title={view.prefix ? say("noPrefix") : undefined}
          onClick={on.onDeleteMatching}
        >
          {say("deleteMatching")}
        </button>
      )}
    </div>
  );
}
