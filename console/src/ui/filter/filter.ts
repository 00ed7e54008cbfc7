/** Filters as the API writes them, the rows that people edit, and the way between the two. */

import type { FieldInfo } from "../../api/fields";

/** The API's filter object: Pinecone's language, with the word operators of documents. */
export type Filter = { readonly [key: string]: unknown };
export type Scalar = string | number | boolean;

export const ORDER = ["$gt", "$gte", "$lt", "$lte"] as const;
export const MEMBERSHIP = ["$in", "$nin"] as const;
export const WORDS = ["$match_phrase", "$match_all", "$match_any"] as const;
export const OPERATORS = ["$eq", "$ne", ...ORDER, ...MEMBERSHIP, "$exists", ...WORDS] as const;
export type Operator = (typeof OPERATORS)[number];

export type ValueType = "string" | "number" | "boolean";
/** A value as it is typed, which need not be one yet. A boolean is "true" or "false". */
export interface Draft {
  readonly type: ValueType;
  readonly text: string;
}

/** `values`: one, or for $in and $nin any number. */
export interface Condition {
  readonly kind: "condition";
  readonly field: string;
  readonly operator: Operator;
  readonly values: readonly Draft[];
}

/** What has no rows: it is kept as it is, and edited as JSON. */
export interface Raw {
  readonly kind: "raw";
  readonly text: string;
}

export interface Group {
  readonly kind: "group";
  readonly join: Join;
  readonly items: ReadonlyArray<Condition | Raw>;
}

export type Join = "and" | "or";
export type Item = Condition | Raw | Group;
export interface Rows {
  readonly join: Join;
  readonly items: readonly Item[];
}

export const NO_ROWS: Rows = { join: "and", items: [] };

export const takesList = (operator: Operator) => operator === "$in" || operator === "$nin";
const isOneOf = <Known extends string>(known: readonly Known[], text: string): text is Known =>
  (known as readonly string[]).includes(text);
export const isOperator = (text: string): text is Operator => isOneOf(OPERATORS, text);

/** The types of value that an operator takes. */
export function typesOf(operator: Operator): readonly ValueType[] {
  if (isOneOf(ORDER, operator)) return ["number"];
  if (isOneOf(WORDS, operator)) return ["string"];
  if (operator === "$exists") return ["boolean"];
  return ["string", "number", "boolean"];
}

/** A new condition on this field: with the type that most of its values have. */
export function conditionOn(field: string, known?: FieldInfo): Condition {
  const type = known?.types.find((type) => type !== "list") ?? "string";
  return { kind: "condition", field, operator: "$eq", values: [emptyDraft(type)] };
}

export const emptyDraft = (type: ValueType): Draft => ({ type, text: type === "boolean" ? "true" : "" });

/** The same condition with another operator; values that the new one cannot take make room. */
export function withOperator(condition: Condition, operator: Operator): Condition {
  const [type = "string"] = typesOf(operator);
  const fitting = condition.values.filter((draft) => typesOf(operator).includes(draft.type));
  const values = takesList(operator) ? fitting.filter((draft) => draft.text !== "") : fitting.slice(0, 1);
  return { ...condition, operator, values: values.length || takesList(operator) ? values : [emptyDraft(type)] };
}

// -- rows to a filter -------------------------------------------------------------------------------------------------

export type Reason = "field" | "operatorName" | "value" | "number" | "values" | "json";
export interface Wrong {
  /** Places of the row: one number, or two inside a group. */
  readonly at: readonly number[];
  readonly reason: Reason;
}

/** The value that a draft stands for; undefined while it is none. An empty text is kept as JSON, not as a row. */
export function scalarOf(draft: Draft): Scalar | undefined {
  if (draft.type === "boolean") return draft.text === "true";
  if (draft.type === "string") return draft.text === "" ? undefined : draft.text;
  const number = Number(draft.text);
  return draft.text.trim() !== "" && Number.isFinite(number) ? number : undefined;
}

/** The filter of these rows, or what is unfinished. Empty rows are passed over; without any, every record matches. */
export function filterOf(rows: Rows): { readonly filter?: Filter; readonly wrong: readonly Wrong[] } {
  const wrong: Wrong[] = [];
  const parts = rows.items.flatMap((item, at) => partsOf(item, [at], wrong));
  if (wrong.length) return { wrong };
  const filter = joined(rows.join, parts);
  return filter ? { filter, wrong } : { wrong };
}

function partsOf(item: Item, at: readonly number[], wrong: Wrong[]): Filter[] {
  if (item.kind === "group") {
    const parts = item.items.flatMap((inner, place) => partsOf(inner, [...at, place], wrong));
    const filter = joined(item.join, parts);
    return filter ? [filter] : [];
  }
  if (item.kind === "raw") {
    const filter = objectOf(item.text);
    if (filter) return [filter];
    if (item.text.trim()) wrong.push({ at, reason: "json" });
    return [];
  }
  if (isBlank(item)) return [];
  const reason = wrongWith(item);
  if (reason) {
    wrong.push({ at, reason });
    return [];
  }
  const values = item.values.map(scalarOf);
  return [objectFrom([[item.field, objectFrom([[item.operator, takesList(item.operator) ? values : values[0]]])]])];
}

const isBlank = (condition: Condition) =>
  condition.field === "" && condition.values.every((draft) => draft.text === "" || draft.type === "boolean");

function wrongWith(condition: Condition): Reason | undefined {
  if (condition.field === "") return "field";
  if (condition.field.startsWith("$")) return "operatorName";
  if (takesList(condition.operator) && !condition.values.length) return "values";
  const bad = condition.values.find((draft) => scalarOf(draft) === undefined);
  if (!bad) return undefined;
  return bad.type === "number" && bad.text.trim() ? "number" : "value";
}

/** Conditions that all must hold become one object where no key would stand in it twice. */
function joined(join: Join, parts: readonly Filter[]): Filter | undefined {
  if (parts.length <= 1) return parts[0];
  if (join === "or") return { $or: parts };
  const fields = new Map<string, Record<string, unknown>>();
  for (const [field, value] of parts.flatMap((part) => Object.entries(part))) {
    const there = fields.get(field);
    const operators = isObject(value) ? value : undefined;
    const clash =
      there !== undefined && (!operators || Object.keys(operators).some((name) => Object.hasOwn(there, name)));
    if (!operators || clash || field.startsWith("$")) return { $and: parts };
    fields.set(field, objectFrom([...Object.entries(there ?? {}), ...Object.entries(operators)]));
  }
  return objectFrom([...fields]);
}

// -- a filter to rows -------------------------------------------------------------------------------------------------

export function rowsOf(filter: Filter | undefined): Rows {
  if (!filter) return NO_ROWS;
  const only = Object.keys(filter).length === 1 ? filter : {};
  if (Array.isArray(only.$or)) return { join: "or", items: only.$or.map(itemOf) };
  if (Array.isArray(only.$and))
    return { join: "and", items: only.$and.flatMap((part) => conditionsOf(part) ?? itemOf(part)) };
  return { join: "and", items: Object.entries(filter).flatMap(([key, value]) => itemsOf(key, value)) };
}

function itemsOf(key: string, value: unknown): Item[] {
  const part = objectFrom([[key, value]]);
  return conditionsOf(part) ?? [itemOf(part)];
}

/** One place among others: a condition, a group of conditions, or JSON. */
function itemOf(part: unknown): Item {
  const conditions = conditionsOf(part);
  if (conditions?.length === 1 && conditions[0]) return conditions[0];
  if (conditions) return { kind: "group", join: "and", items: conditions };
  if (isObject(part) && Object.keys(part).length === 1) {
    for (const join of ["and", "or"] as const) {
      const inner = part[`$${join}`];
      if (Array.isArray(inner) && inner.length) return { kind: "group", join, items: inner.map(innerOf) };
    }
  }
  return rawOf(part);
}

function innerOf(part: unknown): Condition | Raw {
  const conditions = conditionsOf(part);
  return conditions?.length === 1 && conditions[0] ? conditions[0] : rawOf(part);
}

/** The conditions of an object without $and and $or; undefined where it holds anything that rows cannot show. */
function conditionsOf(part: unknown): Condition[] | undefined {
  if (!isObject(part)) return undefined;
  const found: Condition[] = [];
  for (const [field, value] of Object.entries(part)) {
    if (field === "" || field.startsWith("$")) return undefined;
    const operators = isObject(value) ? Object.entries(value) : ([["$eq", value]] as const);
    if (!operators.length) return undefined;
    for (const [operator, operand] of operators) {
      const condition = isOperator(operator) ? conditionOf(field, operator, operand) : undefined;
      if (!condition) return undefined;
      found.push(condition);
    }
  }
  return found.length ? found : undefined;
}

function conditionOf(field: string, operator: Operator, operand: unknown): Condition | undefined {
  const given: readonly unknown[] = takesList(operator) ? (Array.isArray(operand) ? operand : [undefined]) : [operand];
  const values = given.map(draftOf);
  const types = typesOf(operator);
  if (!values.length || !values.every((draft) => draft !== undefined && types.includes(draft.type))) return undefined;
  return { kind: "condition", field, operator, values: values as Draft[] };
}

/** undefined for what is no scalar, and for the empty text, which a row cannot tell from a value not yet typed. */
export function draftOf(value: unknown): Draft | undefined {
  if (typeof value === "string") return value === "" ? undefined : { type: "string", text: value };
  if (typeof value === "boolean") return { type: "boolean", text: String(value) };
  return typeof value === "number" ? { type: "number", text: String(value) } : undefined;
}

const rawOf = (part: unknown): Raw => ({ kind: "raw", text: JSON.stringify(part, null, 1) });

// -- objects of anybody's keys ----------------------------------------------------------------------------------------

/** Keys may be any text: an assignment to "__proto__" would not make one. */
export const objectFrom = <Value>(pairs: ReadonlyArray<readonly [string, Value]>): Record<string, Value> =>
  Object.fromEntries(pairs);

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function objectOf(text: string): Filter | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && Object.keys(value).length ? value : undefined;
  } catch {
    return undefined;
  }
}
