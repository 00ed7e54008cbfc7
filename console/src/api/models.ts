/** The models of the server, with the names that stand for others. */

import { type Call, send } from "./client";

export interface Model {
  readonly model: string;
  readonly short_description: string;
  readonly type: "embed" | "rerank" | "generate";
  /** What it takes: texts, or pictures as well. */
  readonly modality?: "text" | "multimodal";
  readonly vector_type?: "dense" | "sparse";
  readonly supported_metrics?: readonly string[];
  readonly default_dimension?: number;
  readonly supported_dimensions?: readonly number[];
  readonly max_batch_size: number;
}

/** Those of one type, or all. */
export const listModels = (type?: Model["type"]): Call => ({ method: "GET", path: "/models", query: { type } });

export const fetchModels = async (type?: Model["type"], signal?: AbortSignal) =>
  (await send<{ models: readonly Model[] }>(listModels(type), signal)).models;
