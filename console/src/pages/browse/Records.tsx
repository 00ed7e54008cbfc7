import { useRef, useState } from "preact/hooks";
import { fetchFields } from "../../api/fields";
import type { Index, Stats } from "../../api/indexes";
import { countMatching } from "../../api/records";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Empty } from "../../ui/Empty";
import { checkFilter } from "../../ui/filter/check";
import { FilterBuilder } from "../../ui/filter/FilterBuilder";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { AddRecord } from "./AddRecord";
import { columnsOf, fieldsIn } from "./columns";
import { DeleteRecords } from "./DeleteRecords";
import { ExportDialog } from "./ExportDialog";
import type { MetadataDraft } from "./MetadataEditor";
import { namespacesOf } from "./namespaces";
import { RecordCards } from "./RecordCards";
import { RecordPanel } from "./RecordPanel";
import { RecordTable } from "./RecordTable";
import { StatusLine } from "./StatusLine";
import type { View } from "./source";
import { Toolbar } from "./Toolbar";
import { useChosen } from "./useChosen";
import { useRows } from "./useRows";

const say = words({
  filter: { en: "Filter", ko: "필터" },
  add: { en: "Add a record", ko: "레코드 추가" },
  exports: { en: "Export", ko: "내보내기" },
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

/** The browser's own limit on the height of what scrolls. */
const MOST_ROWS = 500_000;

interface Props {
  readonly index: Index;
  /** undefined: this key may not know them. */
  readonly stats: Stats | undefined;
  readonly onCount: () => void;
}

export function Records({ index, stats, onCount }: Props) {
  const [query, change] = useQuery();
  const namespaces = stats && namespacesOf(stats);
  const namespace =
    query.namespace ?? (namespaces?.some(([name]) => name === "") === false ? (namespaces[0]?.[0] ?? "") : "");
  const place = { index: index.name, namespace };
  const checked = checkFilter(query.filter ?? "");
  const view: View = { place, prefix: query.prefix ?? "", filter: checked.filter };
  const dimension = index.vector_type === "sparse" ? 0 : (index.dimension ?? 0);
  const [turn, setTurn] = useState(0);
  const rows = useRows(view, dimension, turn);
  const chosen = useChosen(rows);
  const fields = useCall((signal) => fetchFields(index.name, namespace, signal), [index.name, namespace, turn]);
  const counted = useCall(
    async (signal) =>
      view.filter ? await countMatching(place, view.filter, signal).catch(() => undefined) : undefined,
    [index.name, namespace, query.filter, turn],
  );
  const drafts = useRef(new Map<string, MetadataDraft>());
  const [open, setOpen] = useState(Boolean(query.filter));
  const [dialog, setDialog] = useState<"add" | "export" | "deleteChosen" | "deleteMatching">();

  const seen = rows.ids.slice(0, 50).flatMap((_, at) => rows.at(at) ?? []);
  const known = fieldsIn(fields.answer, seen, index.embed?.field_map?.text);
  const columns = columnsOf(query.columns, known);
  const recorded = namespaces?.find(([name]) => name === namespace)?.[1];
  const total = view.prefix ? undefined : view.filter ? counted.answer : recorded;
  const count = Math.min(MOST_ROWS, rows.done ? rows.ids.length : Math.max(rows.ids.length, total ?? 0));
  const as = query.view === "cards" || (query.view === undefined && innerWidth < 620) ? "cards" : "table";

  const deleted = (ids: readonly string[]) => {
    const gone = new Set(ids);
    for (const id of ids) drafts.current.delete(id);
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

  const List = as === "cards" ? RecordCards : RecordTable;
  return (
    <>
      <div class="browse-bar">
        <Toolbar
          namespace={namespace}
          namespaces={namespaces}
          prefix={view.prefix}
          view={as}
          known={known}
          columns={columns}
          onNamespace={(namespace) => change({ namespace, id: undefined })}
          onPrefix={(prefix) => change({ prefix })}
          onView={(view) => change({ view })}
          onColumns={(columns) => change({ columns: JSON.stringify(columns) })}
        />
        <button type="button" class="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {say("filter")} {view.filter && <span class="browse-dot" aria-hidden="true" />}
        </button>
        <div class="browse-actions">
          <button type="button" class="button" onClick={() => setDialog("export")}>
            {say("exports")}
          </button>
          <button type="button" class="button primary" onClick={() => setDialog("add")}>
            {say("add")}
          </button>
        </div>
      </div>
      {checked.problems.length > 0 && <p class="notice warn">{say("badFilter")}</p>}
      {open && (
        <div class="panel">
          <FilterBuilder
            index={index.name}
            namespace={namespace}
            value={view.filter}
            onChange={(filter) => change({ filter: filter && JSON.stringify(filter) })}
            fields={fields.answer}
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
        <Empty title={say(view.filter || view.prefix ? "nothing" : "empty")}>
          <p>{say(view.filter || view.prefix ? "widen" : "begin")}</p>
          {(view.filter || view.prefix) && (
            <button type="button" class="button" onClick={() => change({ filter: undefined, prefix: undefined })}>
              {say("clear")}
            </button>
          )}
        </Empty>
      )}
      <div class={`browse-body ${query.id === undefined ? "" : "opened"}`}>
        {count > 0 && (
          <List
            key={`${namespace} ${view.prefix} ${query.filter}`}
            rows={rows}
            count={count}
            columns={columns}
            opened={query.id}
            chosen={chosen.ids}
            onOpen={(id) => change({ id: id === query.id ? undefined : id })}
            onChoose={chosen.choose}
          />
        )}
        {query.id !== undefined && (
          <RecordPanel
            index={index}
            place={place}
            id={query.id}
            drafts={drafts.current}
            onClose={() => change({ id: undefined })}
            onStep={step}
            onChanged={(record) => rows.put(record)}
            onDeleted={deleted}
          />
        )}
      </div>
      {dialog === "add" && (
        <AddRecord index={index} place={place} onClose={() => setDialog(undefined)} onAdded={fresh} />
      )}
      {dialog === "export" && (
        <ExportDialog
          view={view}
          dimension={dimension}
          total={total}
          chosen={[...chosen.ids]}
          fields={known}
          onClose={() => setDialog(undefined)}
        />
      )}
      {dialog === "deleteChosen" && (
        <DeleteRecords
          place={place}
          what={{ ids: [...chosen.ids] }}
          onClose={() => setDialog(undefined)}
          onDeleted={() => deleted([...chosen.ids])}
        />
      )}
      {dialog === "deleteMatching" && view.filter && (
        <DeleteRecords
          place={place}
          what={{ filter: view.filter }}
          onClose={() => setDialog(undefined)}
          onDeleted={fresh}
        />
      )}
    </>
  );
}
