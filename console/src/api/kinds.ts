/**
 * How an index is searched, as the tag `pinyon-index` says it: a kind, then names and values with spaces between them.
 * The table is that of src/pinyon/engine/kinds.py, which has the last word.
 */

export const TAG = "pinyon-index";
export const USUAL_RECALL = 0.99;

export const KINDS = ["auto", "flat", "scan", "hnsw", "ivf", "symqg"] as const;
export type Kind = (typeof KINDS)[number];

interface Parameter {
  readonly least: number;
  readonly most: number;
  /** What holds when it is not said; "" where the engine chooses. */
  readonly usual: string;
  readonly choices?: readonly string[];
}
export type ParameterName = "m" | "ef_construction" | "ef_search" | "nlist" | "nprobe" | "codes" | "degree";

const whole = (least: number, most: number, usual = ""): Parameter => ({ least, most, usual });
const oneOf = (...choices: string[]): Parameter => ({ least: 0, most: 0, usual: choices[0] ?? "", choices });

export const PARAMETERS: Readonly<Record<Kind, Readonly<Partial<Record<ParameterName, Parameter>>>>> = {
  auto: {},
  flat: {},
  scan: {},
  hnsw: { m: whole(2, 128, "16"), ef_construction: whole(8, 2_000, "200"), ef_search: whole(1, 10_000) },
  ivf: { nlist: whole(1, 65_536), nprobe: whole(1, 65_536), codes: oneOf("pq4", "float32") },
  symqg: {
    degree: oneOf("32", "64", "96", "128"),
    ef_construction: whole(32, 2_000, "100"),
    ef_search: whole(1, 10_000),
  },
};

/** As somebody types it: "" is what is not said. */
export interface Settings {
  readonly kind: Kind;
  readonly recall: string;
  readonly parameters: Readonly<Partial<Record<ParameterName, string>>>;
}

export const USUAL: Settings = { kind: "auto", recall: "", parameters: {} };

export const parametersOf = (kind: Kind) => Object.entries(PARAMETERS[kind]) as [ParameterName, Parameter][];

/** The settings that a tag says; undefined for a value that is not understood, which is then best left alone. */
export function readLine(text: string): Settings | undefined {
  const given = text.trim().split(/\s+/).filter(Boolean);
  const kind = KINDS.find((kind) => kind === given[0]) ?? "auto";
  const rest = KINDS.some((kind) => kind === given[0]) ? given.slice(1) : given;
  if (rest.length % 2) return undefined;
  const parameters: Partial<Record<ParameterName, string>> = {};
  let recall = "";
  for (let at = 0; at < rest.length; at += 2) {
    const [name = "", value = ""] = rest.slice(at, at + 2);
    if (name === "recall") recall = value;
    else if (name in PARAMETERS[kind]) parameters[name as ParameterName] = value;
    else return undefined;
  }
  return { kind, recall, parameters };
}

/** The value of the tag; "" for an index about which there is nothing to say. */
export function lineOf({ kind, recall, parameters }: Settings): string {
  const said = parametersOf(kind).flatMap(([name]) => {
    const value = parameters[name]?.trim();
    return value ? [`${name} ${value}`] : [];
  });
  const target = recall.trim() && Number(recall) !== USUAL_RECALL ? [`recall ${recall.trim()}`] : [];
  const line = [kind, ...said, ...target].join(" ");
  return line === "auto" ? "" : line;
}

export type SettingsProblems = Readonly<Partial<Record<ParameterName | "recall", "range" | "choice" | "above">>>;

/** What is wrong with settings, by the field that holds it; empty when nothing is. */
export function wrongSettings({ kind, recall, parameters }: Settings): SettingsProblems {
  const wrong: Partial<Record<ParameterName | "recall", "range" | "choice" | "above">> = {};
  const target = recall.trim();
  if (target && !(/^(0?\.\d+|0|1|1\.0*)$/.test(target) && Number(target) > 0 && Number(target) <= 1)) {
    wrong.recall = "range";
  }
  for (const [name, { least, most, choices }] of parametersOf(kind)) {
    const value = parameters[name]?.trim();
    if (!value) continue;
    if (choices) {
      if (!choices.includes(value)) wrong[name] = "choice";
    } else if (!/^\d{1,9}$/.test(value) || Number(value) < least || Number(value) > most) wrong[name] = "range";
  }
  const [lists, read] = [parameters.nlist?.trim(), parameters.nprobe?.trim()];
  if (kind === "ivf" && lists && read && !wrong.nlist && !wrong.nprobe && Number(read) > Number(lists)) {
    wrong.nprobe = "above";
  }
  return wrong;
}
