import type { FieldInfo } from "../../api/fields";
import { words } from "../../state/language";
import { ConditionRow } from "./ConditionRow";
import { checkFilter } from "./check";
import { FilterText } from "./FilterText";
import {
  type Condition,
  conditionOn,
  filterOf,
  type Group,
  type Item,
  type Join,
  type Raw,
  type Rows,
  type Wrong,
} from "./filter";

const say = words({
  add: { en: "+ Condition", ko: "+ 조건" },
  addGroup: { en: "+ Group", ko: "+ 그룹" },
  remove: { en: "Remove", ko: "삭제" },
  removeGroup: { en: "Remove the group", ko: "그룹 삭제" },
  and: { en: "and", ko: "그리고" },
  or: { en: "or", ko: "또는" },
  join: { en: "How the conditions go together", ko: "조건 결합 방식" },
  all: { en: "All of these", ko: "모두 만족" },
  any: { en: "Any of these", ko: "하나라도 만족" },
  json: { en: "A part that is kept as JSON", ko: "JSON으로 유지하는 부분" },
  group: { en: "Group {at}", ko: "그룹 {at}" },
  none: { en: "No condition: every record matches.", ko: "조건 없음: 모든 레코드가 일치합니다." },
  held: { en: "Not in use yet. Condition {at}: {why}", ko: "아직 적용되지 않았습니다. 조건 {at}: {why}" },
  field: { en: "choose a field.", ko: "필드를 고르세요." },
  operatorName: { en: "names of fields do not begin with $.", ko: "필드 이름은 $로 시작할 수 없습니다." },
  value: { en: "give a value.", ko: "값을 입력하세요." },
  number: { en: "this is not a number.", ko: "숫자가 아닙니다." },
  values: { en: "add at least one value.", ko: "값을 하나 이상 추가하세요." },
  json_: { en: "the JSON is not a filter yet.", ko: "JSON이 아직 올바른 필터가 아닙니다." },
});

interface Props {
  readonly rows: Rows;
  readonly known: readonly FieldInfo[];
  readonly matchWords: boolean;
  readonly onChange: (rows: Rows) => void;
  readonly onEnter: () => void;
}

export function FilterRows(props: Props) {
  const { rows, onChange } = props;
  const { wrong } = filterOf(rows);
  return (
    <div class="stack tight">
      <Items {...props} group={rows} path={[]} wrong={wrong} onChange={onChange} />
      <p class="small soft" role="status">
        {wrong[0]
          ? say("held", {
              at: wrong[0].at.map((place) => place + 1).join("."),
              why: say(wrong[0].reason === "json" ? "json_" : wrong[0].reason),
            })
          : rows.items.length === 0 && say("none")}
      </p>
    </div>
  );
}

interface ItemsProps<Part extends Rows | Group> extends Omit<Props, "rows" | "onChange"> {
  readonly group: Part;
  readonly path: readonly number[];
  readonly wrong: readonly Wrong[];
  readonly onChange: (group: Part) => void;
}

function Items<Part extends Rows | Group>({ group, path, wrong, onChange, ...rest }: ItemsProps<Part>) {
  const set = (items: readonly Item[]) => onChange({ ...group, items } as Part);
  const change = (at: number, item: Item | undefined) =>
    set(item ? group.items.with(at, item as Condition & Raw) : group.items.toSpliced(at, 1));
  const top = path.length === 0;
  return (
    <>
      {group.items.length > 1 && <JoinChoice join={group.join} onChange={(join) => onChange({ ...group, join })} />}
      {group.items.map((item, at) => {
        const here = [...path, at];
        const reason = wrong.find((one) => one.at.join() === here.join())?.reason;
        return (
          <div key={at} class="filter-item">
            <ItemEditor
              {...rest}
              item={item}
              path={here}
              wrong={wrong}
              reason={reason}
              onChange={(changed) => change(at, changed)}
            />
          </div>
        );
      })}
      <div class="row">
        <button type="button" class="button small" onClick={() => set([...group.items, conditionOn("")])}>
          {say("add")}
        </button>
        {top && group.items.length > 0 && (
          <button
            type="button"
            class="button quiet small"
            onClick={() =>
              set([
                ...group.items,
                { kind: "group", join: group.join === "and" ? "or" : "and", items: [conditionOn("")] },
              ])
            }
          >
            {say("addGroup")}
          </button>
        )}
      </div>
    </>
  );
}

function JoinChoice({ join, onChange }: { join: Join; onChange: (join: Join) => void }) {
  return (
    <select
      class="input filter-join"
      aria-label={say("join")}
      value={join}
      onChange={(event) => onChange(event.currentTarget.value as Join)}
    >
      <option value="and">{say("all")}</option>
      <option value="or">{say("any")}</option>
    </select>
  );
}

interface EditorProps extends Omit<Props, "rows" | "onChange"> {
  readonly item: Item;
  readonly path: readonly number[];
  readonly wrong: readonly Wrong[];
  readonly reason: Wrong["reason"] | undefined;
  readonly onChange: (item: Item | undefined) => void;
}

function ItemEditor({ item, path, wrong, reason, onChange, ...rest }: EditorProps) {
  if (item.kind === "condition") {
    return <ConditionRow {...rest} condition={item} path={path} reason={reason} onChange={onChange} />;
  }
  if (item.kind === "raw") {
    return (
      <div class="filter-raw">
        <FilterText
          text={item.text}
          label={say("json")}
          problems={checkFilter(item.text).problems}
          onChange={(text) => onChange({ ...item, text })}
        />
        <button type="button" class="button quiet small" aria-label={say("remove")} onClick={() => onChange(undefined)}>
          ✕
        </button>
      </div>
    );
  }
  return (
    <fieldset
      class="filter-group stack tight"
      aria-label={say("group", { at: path.map((place) => place + 1).join(".") })}
    >
      <Items {...rest} group={item} path={path} wrong={wrong} onChange={onChange} />
      <button
        type="button"
        class="button quiet small filter-remove-group"
        aria-label={say("removeGroup")}
        onClick={() => onChange(undefined)}
      >
        ✕
      </button>
    </fieldset>
  );
}
