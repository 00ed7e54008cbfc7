import { describe, expect, test } from "vitest";
import type { Model } from "../../api/models";
import { callOf, type Draft, EMPTY, wrongDraft } from "./draft";

const E5: Model = {
  model: "multilingual-e5-large",
  short_description: "",
  type: "embed",
  vector_type: "dense",
  supported_metrics: ["cosine", "euclidean"],
  default_dimension: 1024,
  supported_dimensions: [1024],
  max_batch_size: 96,
};
const SPARSE: Model = {
  model: "lexical-sparse",
  short_description: "",
  type: "embed",
  vector_type: "sparse",
  max_batch_size: 96,
};

const draft = (changed: Partial<Draft>): Draft => ({ ...EMPTY, name: "films", ...changed });

describe("the call of a draft", () => {
  test("dense vectors", () => {
    const settings = { kind: "hnsw" as const, recall: "0.95", parameters: { m: "32" } };
    const tags = [{ key: "team", value: "search" }];
    const call = callOf(draft({ sort: "dense", dimension: "384", settings, tags, isProtected: true }), undefined);
    expect(call.path).toBe("/indexes");
    expect(call.body).toEqual({
      name: "films",
      dimension: 384,
      metric: "cosine",
      spec: { serverless: { cloud: "aws", region: "us-east-1" } },
      tags: { team: "search", "pinyon-index": "hnsw m 32 recall 0.95" },
      deletion_protection: "enabled",
    });
  });

  test("sparse vectors have no kind and no dimension", () => {
    const settings = { kind: "flat" as const, recall: "", parameters: {} };
    const call = callOf(draft({ sort: "sparse", dimension: "384", settings }), undefined);
    const spec = { serverless: { cloud: "aws", region: "us-east-1" } };
    expect(call.body).toEqual({ name: "films", vector_type: "sparse", metric: "dotproduct", spec });
  });

  test("texts", () => {
    const call = callOf(draft({ model: E5.model, text: " body ", modelMetric: "euclidean" }), E5);
    expect(call.path).toBe("/indexes/create-for-model");
    expect(call.body).toEqual({
      name: "films",
      cloud: "aws",
      region: "us-east-1",
      embed: { model: E5.model, field_map: { text: "body" }, metric: "euclidean" },
    });
  });

  test("texts by a sparse model: its metric is the server's to say", () => {
    const call = callOf(draft({ model: SPARSE.model, modelMetric: "cosine", modelDimension: "512" }), SPARSE);
    expect(call.body).toMatchObject({ embed: { model: SPARSE.model, field_map: { text: "text" } } });
    expect(Object.keys((call.body as { embed: object }).embed)).toEqual(["model", "field_map"]);
  });
});

describe("what is wrong with a draft", () => {
  test("an empty one", () => expect(wrongDraft(EMPTY, undefined)).toEqual({ name: "empty", model: "empty" }));

  test.each(["0", "20001", "1.5", "many"])("dimension %s", (dimension) => {
    expect(wrongDraft(draft({ sort: "dense", dimension }), undefined)).toEqual({ dimension: "range" });
  });

  test.each(["1", "20000"])("dimension %s is good", (dimension) => {
    expect(wrongDraft(draft({ sort: "dense", dimension }), undefined)).toEqual({});
  });

  test("settings count only where they are sent", () => {
    const settings = { kind: "hnsw" as const, recall: "2", parameters: {} };
    expect(wrongDraft(draft({ sort: "sparse", settings }), undefined)).toEqual({});
    expect(wrongDraft(draft({ model: E5.model, settings }), E5)).toEqual({ settings: true });
    expect(wrongDraft(draft({ model: SPARSE.model, settings }), SPARSE)).toEqual({});
  });
});
