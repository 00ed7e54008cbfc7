import { useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/client";
import { fetchFields } from "../../api/fields";
import type { Index, Stats } from "../../api/indexes";
import { countMatching } from "../../api/records";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Empty } from "../../ui/Empty";
import { FilterBuilder } from "../../ui/filter/FilterBuilder";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { Bar } from "./Bar";
import { columnsOf, fieldsIn } from "./columns";
import { type Dialog, Dialogs } from "./Dialogs";
import { type Drafts, keyOf } from "./drafts";
import { RecordCards } from "./RecordCards";
import { RecordPanel } from "./RecordPanel";
import { RecordTable } from "./RecordTable";
import { StatusLine } from "./StatusLine";
import { useChosen } from "./useChosen";
import { useRows } from "./useRows";
import { shownIn } from "./view";

const say = words({
  badFilter: {
    en: "The filter in the address is not one; it is passed over.",
    ko: "주소에 있는 필터가 올바르지 않아 적용하지 않았습니다.",
  },
  empty: { en: "No records in this namespace", ko: "이 네임스페이스에 레코드가 없습니다" },
  begin: {
    en: "Add one here, import a file, or write from your program.",
    ko: "여기서 추가하거나, 파일을 가져오거나, 프로그램에서 저장하세요.",
  },
  nothing: { en: "Nothing matches", ko: "일치하는 레코드가 없습니다" },
  widen: { en: "Change the filter or the beginning of the id.", ko: "필터나 아이디 앞부분을 바꾸어 보세요." },
  clear: { en: "Show all records", ko: "모든 레코드 보기" },
});

/** Higher lists are more than a browser can scroll. */
const MOST_ROWS = 500_000;

interface Props {
  readonly index: Index;
  /** undefined: this key may not know them. */
  readonly stats: Stats | undefined;
  readonly onCount: () => void;
}

export function Records({ index, stats, onCount }: Props) {
  const [query, change] = useQuery();
  const { place, view, namespaces, recorded, dimension, problems } = shownIn(index, stats, query);
  const [turn, setTurn] = useState(0);
  const rows = useRows(view, dimension, turn);
  const chosen = useChosen(rows, place.namespace);
  const fields = useCall(
    (signal) => fetchFields(index.name, place.namespace, signal),
    [index.name, place.namespace, turn],
  );
  const counted = useCall(
    async (signal) => (view.filter ? await countMatching(place, view.filter, signal).catch(uncounted) : undefined),
    [index.name, place.namespace, query.filter, turn],
  );
  const drafts = useRef<Drafts>(new Map());
  const [open, setOpen] = useState(Boolean(query.filter));
  const [dialog, setDialog] = useState<Dialog>();

  const seen = rows.ids.slice(0, 50).flatMap((_, at) => rows.at(at) ?? []);
  const known = fieldsIn(fields.answer, seen, index.embed?.field_map?.text);
  const columns = columnsOf(query.columns, known);
  const total = view.prefix ? undefined : view.filter ? counted.answer : recorded;
  const count = Math.min(MOST_ROWS, rows.done ? rows.ids.length : Math.max(rows.ids.length, total ?? 0));
  const narrowed = Boolean(view.filter || view.prefix);
  const as = query.view === "cards" || (query.view === undefined && innerWidth < 620) ? "cards" : "table";

  const deleted = (ids: readonly string[]) => {
    const gone = new Set(ids);
    for (const id of ids) drafts.current.delete(keyOf(place, id));
    rows.remove(gone);
    chosen.clear(gone);
    if (query.id !== undefined && gone.has(query.id)) change({ id: undefined });
    onCount();
    counted.again();
  };
  const fresh = () => {
    chosen.clear();
    setTurn(turn + 1);
    onCount();
  };
  const step = (by: 1 | -1) => {
    const id = rows.ids[rows.ids.indexOf(query.id ?? "") + by];
    if (id !== undefined) change({ id });
  };
  const close = () => {
    change({ id: undefined });
    requestAnimationFrame(() => {
      const buttons = [...document.querySelectorAll<HTMLElement>(".record-open")];
      buttons.find(({ title }) => title === query.id)?.focus();
    });
  };

  const List = as === "cards" ? RecordCards : RecordTable;
  return (
    <>
      <Bar
        namespace={place.namespace}
        namespaces={namespaces}
        prefix={view.prefix}
        view={as}
        known={known}
        columns={columns}
        filtering={open}
        filtered={view.filter !== undefined}
        onNamespace={(namespace) => change({ namespace, id: undefined })}
        onPrefix={(prefix) => change({ prefix })}
        onView={(view) => change({ view })}
        onColumns={(columns) => change({ columns: JSON.stringify(columns) })}
        onFilter={() => setOpen(!open)}
        onExport={() => setDialog("export")}
        onAdd={() => setDialog("add")}
      />
      {problems && <p class="notice warn">{say("badFilter")}</p>}
      {open && (
        <div class="panel">
          <FilterBuilder
            index={index.name}
            namespace={place.namespace}
            value={view.filter}
            onChange={(filter) => change({ filter: filter && JSON.stringify(filter) })}
            fields={fields.answer}
            matchWords={place.documents ?? false}
          />
        </div>
      )}
      <StatusLine
        rows={rows}
        total={total}
        view={view}
        chosen={chosen.ids.size}
        most={MOST_ROWS}
        onDeleteChosen={() => setDialog("deleteChosen")}
        onDeleteMatching={() => setDialog("deleteMatching")}
        onExport={() => setDialog("export")}
        onClear={() => chosen.clear()}
      />
      {rows.error !== undefined && <Problem error={rows.error} again={() => rows.again()} />}
      {count === 0 && !rows.done && rows.error === undefined && <Waiting />}
      {count === 0 && rows.done && (
        <Empty title={say(narrowed ? "nothing" : "empty")}>
          <p>{say(narrowed ? "widen" : "begin")}</p>
          {narrowed && (
            <button type="button" class="button" onClick={() => change({ filter: undefined, prefix: undefined })}>
              {say("clear")}
            </button>
          )}
        </Empty>
      )}
      <div class={`browse-body ${query.id === undefined ? "" : "opened"}`}>
        {count > 0 && (
          <List
            key={JSON.stringify(view)}
            rows={rows}
            count={count}
            columns={columns}
            opened={query.id}
            chosen={chosen.ids}
            onOpen={(id) => (id === query.id ? close() : change({ id }))}
            onChoose={chosen.choose}
          />
        )}
        {query.id !== undefined && (
          <RecordPanel
            index={index}
            place={place}
            id={query.id}
            drafts={drafts.current}
            onClose={close}
            onStep={step}
            onChanged={(record) => rows.put(record)}
            onDeleted={deleted}
          />
        )}
      </div>
      <Dialogs
        dialog={dialog}
        index={index}
        view={view}
        dimension={dimension}
        total={total}
        chosen={[...chosen.ids]}
        fields={known}
        onClose={() => setDialog(undefined)}
        onDeleted={deleted}
        onFresh={fresh}
      />
    </>
  );
}

/** Without a count the list says how many there are once it is at its end; its own errors are shown there. */
function uncounted(error: unknown): undefined {
  if (!(error instanceof ApiError)) throw error;
}
