/** Checks the JSON of a filter as the server would, so that it can be said while it is typed, and where. */

import { words } from "../../state/language";
import { type Filter, isOperator, MEMBERSHIP, OPERATORS, ORDER, WORDS } from "./filter";
import { type Fault, type Json, JsonFault, type Member, parseJson, placeOf } from "./json";

const say = words({
  where: { en: "Line {line}, column {column}: {what}", ko: "{line}행 {column}열: {what}" },
  unexpected: { en: "this is no JSON value.", ko: "JSON 값이 아닙니다." },
  unfinished: {
    en: "something is not closed: a quote, } or ] is missing.",
    ko: "닫히지 않은 곳이 있습니다. 따옴표, } 또는 ]가 빠졌습니다.",
  },
  trailing: {
    en: "a comma stands before this closing bracket. Take it out.",
    ko: "닫는 괄호 앞에 쉼표가 있습니다. 지우세요.",
  },
  comma: { en: "a comma or a closing bracket is missing before this.", ko: "이 앞에 쉼표나 닫는 괄호가 빠졌습니다." },
  name: { en: "a name in double quotes belongs here.", ko: "여기에는 큰따옴표로 감싼 이름이 와야 합니다." },
  colon: { en: "a colon is missing after the name.", ko: "이름 뒤에 콜론이 빠졌습니다." },
  quotes: { en: "JSON has double quotes only.", ko: "JSON은 큰따옴표만 씁니다." },
  word: {
    en: "a text needs double quotes; without them only true and false stand.",
    ko: "문자열은 큰따옴표로 감싸야 합니다. 따옴표 없이 쓸 수 있는 말은 true와 false뿐입니다.",
  },
  escape: { en: "an unknown escape after the backslash.", ko: "역슬래시 뒤의 표기를 알 수 없습니다." },
  control: {
    en: "a line break or control character inside a text: write \\n.",
    ko: "문자열 안에 줄바꿈이나 제어 문자가 있습니다. \\n으로 쓰세요.",
  },
  deep: { en: "this is nested too deep.", ko: "너무 깊게 중첩되었습니다." },
  more: {
    en: "the filter ends before this. Take the rest out.",
    ko: "필터는 이 앞에서 끝났습니다. 나머지를 지우세요.",
  },
  object: { en: "a filter is an object, such as {example}.", ko: "필터는 객체입니다. 예: {example}" },
  empty: {
    en: "an empty object matches everything. Take it out.",
    ko: "빈 객체는 모든 레코드와 일치합니다. 지우세요.",
  },
  twice: {
    en: "the name {name} stands here twice; only the last would count.",
    ko: "같은 이름이 두 번 나옵니다: {name}. 마지막 것만 쓰입니다.",
  },
  list: { en: "{name} takes a non-empty list of filters.", ko: "{name}에는 비어 있지 않은 필터 목록이 와야 합니다." },
  needsField: { en: "{name} needs a field: {example}.", ko: "필드 안에 써야 하는 연산자입니다: {name}. 예: {example}" },
  unknown: {
    en: "there is no operator {name}. There are: {known}.",
    ko: "없는 연산자입니다: {name}. 쓸 수 있는 것: {known}",
  },
  joins: {
    en: "{name} joins whole conditions, so it cannot stand inside a field.",
    ko: "조건을 묶는 연산자는 필드 안에 쓸 수 없습니다: {name}",
  },
  nested: {
    en: "fields are not nested: inside a field stand operators, which begin with $.",
    ko: "필드는 중첩할 수 없습니다. 필드 안에는 $로 시작하는 연산자를 쓰세요.",
  },
  noCondition: {
    en: "the field has no condition: give it an operator.",
    ko: "필드에 조건이 없습니다. 연산자를 쓰세요.",
  },
  useIn: {
    en: "to match any value of a list, write {example}.",
    ko: "목록의 값 중 하나와 비교하려면 {example}처럼 쓰세요.",
  },
  number: { en: "{name} takes a number.", ko: "{name}에는 숫자가 와야 합니다." },
  large: { en: "numbers must be finite.", ko: "숫자는 유한해야 합니다." },
  scalar: {
    en: "{name} takes a text, a number, true or false.",
    ko: "{name}에는 문자열, 숫자, true 또는 false가 와야 합니다.",
  },
  null: {
    en: "no record holds null. For records without the field: {example}.",
    ko: "null인 레코드는 없습니다. 필드가 없는 레코드를 찾으려면: {example}",
  },
  members: {
    en: "{name} takes a list of texts, numbers, true or false.",
    ko: "{name}에는 문자열, 숫자, true, false의 목록이 와야 합니다.",
  },
  many: {
    en: "{name} holds {count} values; at most {limit} are allowed.",
    ko: "{name}에 값이 {count}개 있습니다. 최대 {limit}개까지 가능합니다.",
  },
  flag: { en: "$exists takes true or false.", ko: "$exists에는 true 또는 false가 와야 합니다." },
  text: { en: "{name} takes one text.", ko: "{name}에는 문자열 하나가 와야 합니다." },
});

const MOST_VALUES = 10_000;
const DEEPEST = 100;
const EXAMPLE = '{"year": {"$gte": 2020}}';

export interface Problem {
  readonly start: number;
  readonly end: number;
  readonly what: string;
}

export interface Checked {
  /** undefined for no filter: an empty text, or {}. */
  readonly filter?: Filter;
  readonly problems: readonly Problem[];
}

/** The filter that a text stands for, or what is wrong with it, in order of place. */
export function checkFilter(text: string): Checked {
  if (!text.trim()) return { problems: [] };
  let json: Json;
  try {
    json = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return { problems: [{ start: error.start, end: error.end, what: faultText(error.fault) }] };
  }
  if (json.kind !== "object") return { problems: [{ ...placed(json), what: say("object", { example: EXAMPLE }) }] };
  const check = new Check();
  check.object(json.members, 1);
  if (check.problems.length) return { problems: check.problems };
  return json.members.length ? { filter: JSON.parse(text) as Filter, problems: [] } : { problems: [] };
}

/** "Line 2, column 5: …" */
export function told(text: string, problem: Problem): string {
  return say("where", { ...placeOf(text, problem.start), what: problem.what });
}

const placed = ({ start, end }: { start: number; end: number }) => ({ start, end });

class Check {
  readonly problems: Problem[] = [];

  private wrong(at: { start: number; end: number }, what: string): void {
    this.problems.push({ ...placed(at), what });
  }

  object(members: readonly Member[], depth: number): void {
    const seen = new Set<string>();
    for (const member of members) {
      if (seen.has(member.name)) this.wrong(member, say("twice", { name: member.name }));
      seen.add(member.name);
      if (member.name === "$and" || member.name === "$or") this.logic(member, depth);
      else if (member.name.startsWith("$")) this.misplaced(member);
      else this.field(member);
    }
  }

  private logic({ name, value }: Member, depth: number) {
    if (depth >= DEEPEST) return this.wrong(value, say("deep"));
    if (value.kind !== "array" || !value.items.length) return this.wrong(value, say("list", { name }));
    for (const item of value.items) {
      if (item.kind !== "object") this.wrong(item, say("list", { name }));
      else if (!item.members.length) this.wrong(item, say("empty"));
      else this.object(item.members, depth + 1);
    }
  }

  private misplaced(member: Member): void {
    const { name } = member;
    if (isOperator(name)) this.wrong(member, say("needsField", { name, example: `{"field": {"${name}": …}}` }));
    else this.wrong(member, say("unknown", { name, known: ["$and", "$or"].join(" ") }));
  }

  private field({ name, value }: Member) {
    if (value.kind === "array") {
      return this.wrong(value, say("useIn", { example: `{${JSON.stringify(name)}: {"$in": […]}}` }));
    }
    if (value.kind !== "object") return this.scalar("$eq", value);
    if (!value.members.length) return this.wrong(value, say("noCondition"));
    const seen = new Set<string>();
    for (const member of value.members) {
      if (seen.has(member.name)) this.wrong(member, say("twice", { name: member.name }));
      seen.add(member.name);
      this.condition(member);
    }
  }

  private condition(member: Member) {
    const { name, value } = member;
    if (name === "$and" || name === "$or") return this.wrong(member, say("joins", { name }));
    if (!name.startsWith("$")) return this.wrong(member, say("nested"));
    if (!isOperator(name)) return this.wrong(member, say("unknown", { name, known: OPERATORS.join(" ") }));
    if ((ORDER as readonly string[]).includes(name)) {
      if (value.kind !== "number") this.wrong(value, say("number", { name }));
      else this.finite(value);
    } else if ((MEMBERSHIP as readonly string[]).includes(name)) this.members(name, value);
    else if ((WORDS as readonly string[]).includes(name)) {
      if (value.kind !== "string") this.wrong(value, say("text", { name }));
    } else if (name === "$exists") {
      if (value.kind !== "boolean") this.wrong(value, say("flag"));
    } else this.scalar(name, value);
  }

  private members(name: string, value: Json) {
    if (value.kind !== "array") return this.wrong(value, say("members", { name }));
    const count = value.items.length;
    if (count > MOST_VALUES) return this.wrong(value, say("many", { name, count, limit: MOST_VALUES }));
    for (const item of value.items) this.scalar(name, item);
  }

  private scalar(name: string, value: Json) {
    if (value.kind === "null") this.wrong(value, say("null", { example: '{"$exists": false}' }));
    else if (value.kind === "object" || value.kind === "array") this.wrong(value, say("scalar", { name }));
    else this.finite(value);
  }

  private finite(value: Json): void {
    if (value.kind === "number" && !Number.isFinite(value.value)) this.wrong(value, say("large"));
  }
}

/** What is wrong with a text that is no JSON. */
export const faultText = (fault: Fault): string => say(fault);
