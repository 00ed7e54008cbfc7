import { useCallback } from "preact/hooks";
import { number, words } from "../../state/language";
import { VirtualRows } from "../../ui/VirtualRows";
import { widthsOf } from "./columns";
import { shown } from "./metadata";
import type { RecordRows, Row } from "./rows";

const say = words({
  label: { en: "Records", ko: "레코드" },
  id: { en: "Id", ko: "아이디" },
  choose: { en: "Choose {id}", ko: "{id} 선택" },
  chosen: { en: "Chosen", ko: "선택" },
  gone: { en: "deleted meanwhile", ko: "그사이 삭제됨" },
  row: { en: "row {at}", ko: "{at}행" },
});

export interface ListProps {
  readonly rows: RecordRows;
  readonly count: number;
  readonly columns: readonly string[];
  readonly opened: string | undefined;
  readonly chosen: ReadonlySet<string>;
  readonly onOpen: (id: string, at: number) => void;
  readonly onChoose: (at: number, chosen: boolean, upTo: boolean) => void;
}

const HEIGHT = 40;
const SAMPLE = 24;

/** Records as a table: a line each, with the columns that were asked for. */
export function RecordTable({ rows, count, columns, ...rest }: ListProps) {
  const onRange = useCallback((first: number, last: number) => rows.want(first, last), [rows]);
  const seen = rows.ids.slice(0, SAMPLE).flatMap((_, at) => rows.at(at) ?? []);
  const { grid, least } = widthsOf(columns, seen);
  return (
    <div class="record-table" style={{ "--columns": grid, "--least": least }}>
      <VirtualRows
        count={count}
        height={HEIGHT}
        label={say("label")}
        onRange={onRange}
        head={
          <div role="rowgroup" class="record-head">
            <div role="row" class="virtual-head">
              <span role="columnheader">
                <span class="hidden-visually">{say("chosen")}</span>
              </span>
              <span role="columnheader">{say("id")}</span>
              {columns.map((name) => (
                <span key={name} role="columnheader" class="data" title={name}>
                  {name}
                </span>
              ))}
            </div>
          </div>
        }
      >
        {(at) => <Line at={at} id={rows.ids[at]} row={rows.at(at)} columns={columns} {...rest} />}
      </VirtualRows>
    </div>
  );
}

interface LineProps extends Omit<ListProps, "rows" | "count"> {
  readonly at: number;
  readonly id: string | undefined;
  readonly row: Row | null | undefined;
}

function Line({ at, id, row, columns, opened, chosen, onOpen, onChoose }: LineProps) {
  if (id === undefined) {
    return (
      <span role="cell" class="record-waiting soft" aria-label={say("row", { at: at + 1 })}>
        {number(at + 1)}
      </span>
    );
  }
  return (
    <>
      <span role="cell" class="record-choose">
        <Choice id={id} at={at} chosen={chosen.has(id)} onChoose={onChoose} />
      </span>
      <span role="cell" class="record-cell">
        <OpenButton id={id} at={at} opened={opened === id} onOpen={onOpen} />
      </span>
      {row === null && (
        <span role="cell" class="record-cell">
          <span class="badge warn">{say("gone")}</span>
        </span>
      )}
      {row !== null &&
        columns.map((name) => (
          <span key={name} role="cell" class="record-cell data">
            {row === undefined ? <span class="record-blank" /> : shown(ownValue(row, name), 160)}
          </span>
        ))}
    </>
  );
}

export const ownValue = ({ metadata }: Row, name: string) =>
  Object.hasOwn(metadata, name) ? metadata[name] : undefined;

export function OpenButton(props: { id: string; at: number; opened: boolean; onOpen: ListProps["onOpen"] }) {
  const { id, at, opened, onOpen } = props;
  return (
    <button type="button" class="record-open mono" aria-expanded={opened} title={id} onClick={() => onOpen(id, at)}>
      <bdi>{id}</bdi>
    </button>
  );
}

export function Choice(props: { id: string; at: number; chosen: boolean; onChoose: ListProps["onChoose"] }) {
  const { id, at, chosen, onChoose } = props;
  return (
    <input
      type="checkbox"
      aria-label={say("choose", { id })}
      checked={chosen}
      onClick={(event) => onChoose(at, event.currentTarget.checked, event.shiftKey)}
    />
  );
}
