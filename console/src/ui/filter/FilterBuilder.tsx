import { useEffect, useRef, useState } from "preact/hooks";
import { type Fields, fetchFields } from "../../api/fields";
import { words } from "../../state/language";
import { useCall } from "../useCall";
import { checkFilter } from "./check";
import { FilterRows } from "./FilterRows";
import { FilterText } from "./FilterText";
import { type Filter, filterOf, NO_ROWS, type Rows, rowsOf } from "./filter";
import { useLater } from "./useLater";
import "./filter.css";

export type { Filter } from "./filter";

const say = words({
  title: { en: "Filter by metadata", ko: "메타데이터 필터" },
  mode: { en: "Write the filter as", ko: "필터 작성 방식" },
  rows: { en: "Conditions", ko: "조건" },
  json: { en: "JSON", ko: "JSON" },
  clear: { en: "Clear", ko: "지우기" },
  mend: { en: "Mend the JSON first", ko: "먼저 JSON을 고치세요" },
});

const MOMENT = 350;

interface Props {
  readonly index: string;
  readonly namespace: string;
  /** The filter in use. undefined: every record matches. */
  readonly value: Filter | undefined;
  /** A whole filter, a moment after it was typed; at once on Enter and when the focus leaves. */
  readonly onChange: (filter: Filter | undefined) => void;
  /** What is known of the metadata, where the page has asked for it anyway; otherwise it is asked for here. */
  readonly fields?: Fields | undefined;
  /** Whether the index has full-text fields, whose words a filter may match. */
  readonly matchWords?: boolean;
}

/** A filter as rows or as JSON. What is unfinished is kept here and changes nothing outside. */
export function FilterBuilder({ index, namespace, value, onChange, fields, matchWords = false }: Props) {
  const asked = useCall(
    async (signal) => fields ?? (await fetchFields(index, namespace, signal)),
    [index, namespace, fields],
  );
  const [rows, setRows] = useState<Rows>(() => rowsOf(value));
  const [text, setText] = useState(() => written(value));
  const [mode, setMode] = useState<"rows" | "json">("rows");
  const inUse = useRef(written(value));
  const { later, now, cancel } = useLater(MOMENT);

  const given = written(value);
  useEffect(() => {
    if (given === inUse.current) return;
    cancel();
    inUse.current = given;
    setRows(rowsOf(value));
    setText(given);
  }, [given]);

  const use = (filter: Filter | undefined) => {
    const wanted = written(filter);
    if (wanted === inUse.current) return;
    inUse.current = wanted;
    onChange(filter);
  };
  const changeRows = (changed: Rows) => {
    setRows(changed);
    const { filter, wrong } = filterOf(changed);
    if (wrong.length) cancel();
    else later(() => use(filter));
  };
  const changeText = (changed: string) => {
    setText(changed);
    const { filter, problems } = checkFilter(changed);
    if (problems.length) cancel();
    else later(() => use(filter));
  };
  const show = (chosen: "rows" | "json") => {
    now();
    if (chosen === "json") setText(written(filterOf(rows).filter));
    else setRows(rowsOf(checkFilter(text).filter));
    setMode(chosen);
  };
  const clear = () => {
    setRows(NO_ROWS);
    setText("");
    cancel();
    use(undefined);
  };

  const { problems } = mode === "json" ? checkFilter(text) : { problems: [] };
  const something = rows.items.length > 0 || text.trim() !== "";
  return (
    <fieldset
      class="filter"
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) now();
      }}
    >
      <legend class="hidden-visually">{say("title")}</legend>
      {mode === "rows" ? (
        <FilterRows
          rows={rows}
          known={asked.answer?.fields ?? []}
          matchWords={matchWords}
          onChange={changeRows}
          onEnter={now}
        />
      ) : (
        <FilterText text={text} problems={problems} onChange={changeText} />
      )}
      <div class="row filter-foot">
        <fieldset class="segments" aria-label={say("mode")}>
          {(["rows", "json"] as const).map((one) => (
            <button
              key={one}
              type="button"
              class="button small"
              aria-pressed={mode === one}
              disabled={one === "rows" && problems.length > 0}
              title={one === "rows" && problems.length > 0 ? say("mend") : undefined}
              onClick={() => mode !== one && show(one)}
            >
              {say(one)}
            </button>
          ))}
        </fieldset>
        {something && (
          <button type="button" class="button quiet small" onClick={clear}>
            {say("clear")}
          </button>
        )}
      </div>
    </fieldset>
  );
}

const written = (filter: Filter | undefined) => (filter ? JSON.stringify(filter, null, 2) : "");
