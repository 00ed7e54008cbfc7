/** What somebody types to make an index, what is wrong with it, and the call that it becomes. */

import type { Call } from "../../api/client";
import { createForModel, createIndex } from "../../api/indexes";
import { lineOf, type Settings, TAG, USUAL, wrongSettings } from "../../api/kinds";
import { LIMITS, type NameProblem, wholeNumber, wrongIndexName } from "../../api/limits";
import type { Model } from "../../api/models";
import { type TagRow, tagsOf, tooMany, wrongTags } from "../../api/tags";

export const METRICS = ["cosine", "dotproduct", "euclidean"] as const;
export const SORTS = ["model", "dense", "sparse"] as const;
export type Sort = (typeof SORTS)[number];

export interface Draft {
  readonly name: string;
  readonly sort: Sort;
  readonly dimension: string;
  readonly metric: string;
  readonly model: string;
  /** Of the model; "" for its usual one. */
  readonly modelDimension: string;
  readonly modelMetric: string;
  /** The field of a record that holds the text. */
  readonly text: string;
  readonly settings: Settings;
  readonly tags: readonly TagRow[];
  readonly isProtected: boolean;
}

export const EMPTY: Draft = {
  name: "",
  sort: "model",
  dimension: "",
  metric: "cosine",
  model: "",
  modelDimension: "",
  modelMetric: "",
  text: "text",
  settings: USUAL,
  tags: [],
  isProtected: false,
};

export interface DraftProblems {
  readonly name?: NameProblem;
  readonly dimension?: "empty" | "range";
  readonly model?: "empty";
  readonly text?: "empty";
  readonly settings?: true;
  readonly tags?: true;
  readonly tooMany?: true;
}

const PLACE = { cloud: "aws", region: "us-east-1" } as const;

/** Whether the kinds of dense vectors have a say: a sparse index is always searched exactly. */
export const isDense = (draft: Draft, model: Model | undefined): boolean =>
  draft.sort === "dense" || (draft.sort === "model" && model?.vector_type !== "sparse");

/** Everything that is wrong, by field; empty when the draft can be sent. model: the one that is chosen. */
export function wrongDraft(draft: Draft, model: Model | undefined): DraftProblems {
  const name = wrongIndexName(draft.name.trim());
  const dense = isDense(draft, model);
  return {
    ...(name ? { name } : {}),
    ...(draft.sort === "dense" ? wrongDimension(draft.dimension) : {}),
    ...(draft.sort === "model" && !draft.model ? { model: "empty" as const } : {}),
    ...(draft.sort === "model" && !draft.text.trim() ? { text: "empty" as const } : {}),
    ...(dense && Object.keys(wrongSettings(draft.settings)).length ? { settings: true as const } : {}),
    ...(wrongTags(draft.tags).some(Boolean) ? { tags: true as const } : {}),
    ...(tooMany(draft.tags, dense && lineOf(draft.settings) ? 1 : 0) ? { tooMany: true as const } : {}),
  };
}

function wrongDimension(text: string): Pick<DraftProblems, "dimension"> {
  if (!text.trim()) return { dimension: "empty" };
  return wholeNumber(text, 1, LIMITS.dimension) === undefined ? { dimension: "range" } : {};
}

/** The call that makes the index. Values that are wrong are sent as they are, for the server to judge. */
export function callOf(draft: Draft, model: Model | undefined): Call {
  const dense = isDense(draft, model);
  const line = dense ? lineOf(draft.settings) : "";
  const tags = { ...tagsOf(draft.tags), ...(line ? { [TAG]: line } : {}) };
  const common = {
    ...(Object.keys(tags).length ? { tags } : {}),
    ...(draft.isProtected ? { deletion_protection: "enabled" } : {}),
  };
  const name = draft.name.trim();
  if (draft.sort === "model") {
    const embed = {
      model: draft.model,
      field_map: { text: draft.text.trim() },
      ...(dense && draft.modelMetric ? { metric: draft.modelMetric } : {}),
      ...(dense && draft.modelDimension ? { dimension: Number(draft.modelDimension) } : {}),
    };
    return createForModel({ name, ...PLACE, embed, ...common });
  }
  const vectors =
    draft.sort === "sparse"
      ? { vector_type: "sparse", metric: "dotproduct" }
      : { dimension: wholeNumber(draft.dimension, 0, 1e11) ?? draft.dimension, metric: draft.metric };
  return createIndex({ name, ...vectors, spec: { serverless: PLACE }, ...common });
}
