/** Which models can make what an index is searched by. */

import type { Index } from "../../api/indexes";
import type { Model } from "../../api/models";

/** Models whose vectors have as many numbers as those of the index. Pinyon's own names come before those they stand in
 * for. */
export function modelsFor(index: Index, models: readonly Model[]): readonly Model[] {
  return models
    .filter((model) => model.type === "embed" && model.vector_type === "dense" && gives(model, index.dimension))
    .sort((one, other) => Number(other.model.startsWith("use-")) - Number(one.model.startsWith("use-")));
}

export function sparseModels(models: readonly Model[]): readonly Model[] {
  return models.filter((model) => model.type === "embed" && model.vector_type === "sparse");
}

export function rerankers(models: readonly Model[]): readonly Model[] {
  return models.filter((model) => model.type === "rerank");
}

/** What a query is embedded with. A model of one dimension is not told it. */
export function queryParameters(model: Model | undefined, dimension: number | undefined): Record<string, unknown> {
  const several = (model?.supported_dimensions?.length ?? 0) > 1;
  return { input_type: "query", ...(several && dimension !== undefined ? { dimension } : {}) };
}

function gives(model: Model, dimension: number | undefined): boolean {
  if (dimension === undefined) return false;
  return model.default_dimension === dimension || Boolean(model.supported_dimensions?.includes(dimension));
}
