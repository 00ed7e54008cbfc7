/** Five lines of code: to make an index, or to use one that there is. Official SDKs, and curl. */

import type { Index } from "./indexes";

export type Programs = ReadonlyArray<readonly [language: string, text: string]>;

const quoted = (text: string) => JSON.stringify(text);

/** Where the server is, and whether it wants a key, which is named and never shown. */
export interface Place {
  readonly origin: string;
  readonly withKey: boolean;
}

const python = ({ origin, withKey }: Place) => `from pinecone import Pinecone  # pip install pinecone

pc = Pinecone(api_key=${withKey ? 'os.environ["PINECONE_API_KEY"]' : '"none"'}, host=${quoted(origin)})`;

const typescript = ({ origin, withKey }: Place) =>
  `import { Pinecone } from "@pinecone-database/pinecone"; // npm install @pinecone-database/pinecone

const apiKey = ${withKey ? "process.env.PINECONE_API_KEY" : '"none"'};
const pc = new Pinecone({ apiKey, controllerHostUrl: ${quoted(origin)} });`;

/** One curl command. */
function curl({ origin, withKey }: Place, path: string, type: string, body: string): string {
  const key = withKey ? ` \\\n  -H "Api-Key: $PINECONE_API_KEY"` : "";
  return `curl '${origin}${path}'${key} \\\n  -H 'Content-Type: ${type}' \\\n  -d '${body.replaceAll("'", `'\\''`)}'`;
}

const JSON_TYPE = "application/json";
const LINES_TYPE = "application/x-ndjson";
const imported = (place: Place, text: string) => (place.withKey ? `import os\n\n${text}` : text);

/** Make an index of texts, write a record and search it. */
export function beginnings(place: Place): Programs {
  const records = "/indexes/notes/records/namespaces/__default__";
  return [
    [
      "Python",
      imported(
        place,
        `${python(place)}
embed = {"model": "multilingual-e5-large", "field_map": {"text": "text"}}
pc.create_index_for_model("notes", cloud="aws", region="us-east-1", embed=embed)
notes = pc.Index("notes")
notes.upsert_records(namespace="__default__", records=[{"_id": "owl", "text": "An owl sleeps in the pine."}])
print(notes.search(namespace="__default__", query={"inputs": {"text": "birds"}, "top_k": 3}))`,
      ),
    ],
    [
      "TypeScript",
      `${typescript(place)}
const embed = { model: "multilingual-e5-large", fieldMap: { text: "text" } };
await pc.createIndexForModel({ name: "notes", cloud: "aws", region: "us-east-1", embed, waitUntilReady: true });
const notes = pc.index("notes").namespace("__default__");
await notes.upsertRecords({ records: [{ _id: "owl", text: "An owl sleeps in the pine." }] });
console.log(await notes.searchRecords({ query: { topK: 3, inputs: { text: "birds" } } }));`,
    ],
    [
      "curl",
      [
        curl(
          place,
          "/indexes/create-for-model",
          JSON_TYPE,
          '{"name": "notes", "cloud": "aws", "region": "us-east-1", ' +
            '"embed": {"model": "multilingual-e5-large", "field_map": {"text": "text"}}}',
        ),
        curl(place, `${records}/upsert`, LINES_TYPE, '{"_id": "owl", "text": "An owl sleeps in the pine."}'),
        curl(place, `${records}/search`, JSON_TYPE, '{"query": {"inputs": {"text": "birds"}, "top_k": 3}}'),
      ].join("\n"),
    ],
  ];
}

/** Write a record into an index that there is, and search it. */
export function uses(index: Index, place: Place): Programs {
  if (index.embed) return ofText(index.name, index.embed.field_map?.text ?? "text", place);
  return index.vector_type === "sparse" ? ofWeights(index.name, place) : ofNumbers(index, place);
}

function ofText(name: string, field: string, place: Place): Programs {
  const records = `/indexes/${name}/records/namespaces/__default__`;
  const record = `{"_id": "owl", ${quoted(field)}: "An owl sleeps in the pine."}`;
  return [
    [
      "Python",
      imported(
        place,
        `${python(place)}
index = pc.Index(${quoted(name)})
index.upsert_records(namespace="__default__", records=[${record}])
print(index.search(namespace="__default__", query={"inputs": {"text": "birds"}, "top_k": 3}))`,
      ),
    ],
    [
      "TypeScript",
      `${typescript(place)}
const index = pc.index(${quoted(name)}).namespace("__default__");
await index.upsertRecords({ records: [${record}] });
console.log(await index.searchRecords({ query: { topK: 3, inputs: { text: "birds" } } }));`,
    ],
    [
      "curl",
      [
        curl(place, `${records}/upsert`, LINES_TYPE, record),
        curl(place, `${records}/search`, JSON_TYPE, '{"query": {"inputs": {"text": "birds"}, "top_k": 3}}'),
      ].join("\n"),
    ],
  ];
}

/** Numbers of a vector in a shell command: written out, or made by the shell where there are many. */
const SHORT = 8;
const MADE = "'\"[$numbers]\"'";

function ofNumbers({ name, dimension = 1 }: Index, place: Place): Programs {
  const short = dimension <= SHORT;
  const numbers = short ? `[${Array(dimension).fill("0.1").join(", ")}]` : "NUMBERS";
  const command = (path: string, body: string) => curl(place, path, JSON_TYPE, body).replace("NUMBERS", MADE);
  return [
    [
      "Python",
      imported(
        place,
        `${python(place)}
index = pc.Index(${quoted(name)})
index.upsert(vectors=[{"id": "owl", "values": [0.1] * ${dimension}, "metadata": {"kind": "bird"}}])
print(index.query(vector=[0.1] * ${dimension}, top_k=3, filter={"kind": "bird"}, include_metadata=True))`,
      ),
    ],
    [
      "TypeScript",
      `${typescript(place)}
const index = pc.index(${quoted(name)});
const values = Array(${dimension}).fill(0.1);
await index.upsert({ records: [{ id: "owl", values, metadata: { kind: "bird" } }] });
console.log(await index.query({ vector: values, topK: 3, filter: { kind: "bird" }, includeMetadata: true }));`,
    ],
    [
      "curl",
      [
        ...(short ? [] : [`numbers=$(yes 0.1 | head -n ${dimension} | paste -sd, -)`]),
        command(
          `/indexes/${name}/vectors/upsert`,
          `{"vectors": [{"id": "owl", "values": ${numbers}, "metadata": {"kind": "bird"}}]}`,
        ),
        command(`/indexes/${name}/query`, `{"vector": ${numbers}, "topK": 3, "includeMetadata": true}`),
      ].join("\n"),
    ],
  ];
}

function ofWeights(name: string, place: Place): Programs {
  const weights = '{"indices": [7, 42], "values": [0.5, 1.5]}';
  return [
    [
      "Python",
      imported(
        place,
        `${python(place)}
index = pc.Index(${quoted(name)})
weights = ${weights}
index.upsert(vectors=[{"id": "owl", "sparse_values": weights, "metadata": {"kind": "bird"}}])
print(index.query(sparse_vector=weights, top_k=3, include_metadata=True))`,
      ),
    ],
    [
      "TypeScript",
      `${typescript(place)}
const index = pc.index(${quoted(name)});
const sparseValues = { indices: [7, 42], values: [0.5, 1.5] };
await index.upsert({ records: [{ id: "owl", sparseValues, metadata: { kind: "bird" } }] });
console.log(await index.query({ sparseVector: sparseValues, topK: 3, includeMetadata: true }));`,
    ],
    [
      "curl",
      [
        curl(
          place,
          `/indexes/${name}/vectors/upsert`,
          JSON_TYPE,
          `{"vectors": [{"id": "owl", "sparseValues": ${weights}, "metadata": {"kind": "bird"}}]}`,
        ),
        curl(place, `/indexes/${name}/query`, JSON_TYPE, `{"sparseVector": ${weights}, "topK": 3}`),
      ].join("\n"),
    ],
  ];
}
