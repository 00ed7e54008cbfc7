"""Hooks of Schemathesis: requests that are near enough to a real index to reach what lies behind the first check.

What is generated from a schema alone names no index that exists and fits no dimension. Half of the requests are made to
fit here; the others go out as they are. It runs inside Schemathesis' own environment, so it imports nothing of ours.
"""

import json
import os
import zlib

import schemathesis

INDEXES = ("dense", "sparse", "records")
MODELS = {
    "/embed": ("use-multilingual", "lexical-sparse", "multilingual-e5-large"),
    "/rerank": ("use-multilingual-reranker",),
}
IDS = ("one", "two", "three")
KNOWN = json.loads(os.environ.get("PINYON_KNOWN", "{}"))
"""What exists on the server, by the name of the path's variable; ``uri``: what an import may read."""
TARGET = os.environ.get("PINYON_TARGET", "")
"""The index that data requests go to; "" for the other files."""
DIMENSION = 512 if TARGET == "records" else 3


@schemathesis.serializer("application/x-ndjson")
def records(context, value):
    lines = value if isinstance(value, list) else [value]
    return "\n".join(json.dumps(line) for line in lines).encode()


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """The version is always that of the file: without it, or with another, an answer has another version's shape."""
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            kept = [one for one in operation.get("parameters", ()) if one.get("name") != "X-Pinecone-Api-Version"]
            operation["parameters"] = kept


@schemathesis.hook
def before_call(context, case, kwargs):
    choice = zlib.crc32(repr((case.method, case.path, case.path_parameters, case.query, case.body)).encode())
    if choice % 2:
        return
    choice //= 2
    _fit_path(case, choice)
    _fit_query(case, choice)
    if case.path.endswith("/upsert") and isinstance(case.body, list):
        case.body = [{"_id": name, "text": f"film {name}", "year": 1999} for name in IDS[: 1 + choice % 3]]
    if isinstance(case.body, dict):
        _fit_body(case.body, choice, case.path)


def _fit_path(case, choice):
    known = {
        **KNOWN,
        "index_name": INDEXES[choice % len(INDEXES)],
        "model_name": ("use-multilingual", "lexical-sparse", "use-multilingual-reranker")[choice % 3],
        "namespace": ("__default__", "films")[choice % 2],
    }
    for name in case.path_parameters or ():
        if name in known:
            case.path_parameters[name] = known[name]


def _fit_query(case, choice):
    query = case.query
    if query and "ids" in query:
        query["ids"] = list(IDS)
    if query and "namespace" in query:
        query["namespace"] = ("", "films")[choice % 2]
    if query and "paginationToken" in query and choice % 3:
        del query["paginationToken"]


def _fit_body(body, choice, path):
    """Keeps the members that were generated, and gives those that must fit an index a value that does."""
    if path in MODELS:
        body["model"] = MODELS[path][choice % len(MODELS[path])]
        _fit_inference(body, path)
    elif path == "/indexes":
        body["name"] = f"made-{choice % 1000}"
    elif path == "/indexes/create-for-model":
        body["name"] = f"made-{choice % 1000}"
        if isinstance(body.get("embed"), dict):
            body["embed"]["model"] = MODELS["/embed"][choice % 3]
            body["embed"]["field_map"] = {"text": "text"}
            body["embed"].pop("dimension", None)
    elif path == "/collections":
        body.update(name=f"made-{choice % 1000}", source="pods")
    elif path == "/backups/{backup_id}/create-index":
        body["name"] = f"made-{choice % 1000}"
    elif path == "/bulk/imports":
        body["uri"] = KNOWN["uri"]
        body.pop("integrationId", None)
    elif path == "/namespaces":
        body["name"] = f"made-{choice % 1000}"
        if "schema" in body:
            body["schema"] = {"fields": {"year": {"filterable": True}}}
    elif "/search" in path:
        _fit_search(body)
    elif TARGET:
        _fit_vectors(body, choice)


def _fit_inference(body, path):
    body.pop("parameters", None)
    if path == "/rerank":
        body["query"] = "which film"
        body["documents"] = [{"text": "a film"}, {"text": "no film", "year": 1999}]
        body.pop("rank_fields", None)
        if not isinstance(body.get("top_n"), int) or body["top_n"] < 1:
            body.pop("top_n", None)


def _fit_search(body):
    query = body.get("query")
    if isinstance(query, dict):
        query.pop("vector", None)
        query.pop("id", None)
        query.pop("match_terms", None)
        query["inputs"] = {"text": "a film"}
        query["top_k"] = 3
        if "filter" in query:
            query["filter"] = {"year": {"$gt": 1900}}
    body.pop("rerank", None)


def _fit_vectors(body, choice):
    if isinstance(body.get("vectors"), list):
        body["vectors"] = [_fit_vector(one, number) for number, one in enumerate(body["vectors"][:5])]
    for name in ("vector", "values", "sparseVector", "sparseValues", "setMetadata"):
        if name in body:
            _fit_member(body, name)
    fitting = {
        "id": IDS[choice % 3],
        "ids": list(IDS),
        "topK": 1 + choice % 20,
        "limit": 1 + choice % 20,
        "filter": {"year": {"$gt": 1900}},
        "namespace": ("", "films")[choice % 2],
    }
    body.update({name: value for name, value in fitting.items() if name in body})
    for name in ("queries", "paginationToken"):
        body.pop(name, None)
    _choose(body, choice)


def _choose(body, choice):
    """Of members that exclude each other, one is kept."""
    if "topK" in body:
        for name in ("vector", "sparseVector") if choice % 2 and "id" in body else ("id",):
            body.pop(name, None)
        if "id" not in body:
            _of_kind(body, "vector", "sparseVector")
    elif "id" in body:
        for name in ("filter", "dryRun"):
            body.pop(name, None)
    elif "setMetadata" in body and "filter" in body:
        for name in ("values", "sparseValues"):
            body.pop(name, None)
    elif "ids" in body or "deleteAll" in body:
        for name in ("ids", "filter") if body.get("deleteAll") is True else ("deleteAll", "filter"):
            body.pop(name, None)


def _fit_vector(vector, number):
    if not isinstance(vector, dict):
        return vector
    vector = {**vector, "id": IDS[number % 3]}
    for name in ("values", "sparseValues", "metadata"):
        if name in vector:
            _fit_member(vector, name)
    return _of_kind(vector, "values", "sparseValues")


def _fit_member(body, name):
    if name in ("vector", "values"):
        body[name] = [0.5] * DIMENSION
    elif name in ("sparseVector", "sparseValues"):
        body[name] = {"indices": [1, 7], "values": [0.5, 2.0]}
    else:
        body[name] = {"year": 1999, "genre": ["a", "b"], "seen": True}
    unfit = ("vector", "values") if TARGET == "sparse" else ("sparseVector", "sparseValues")
    if name in unfit:
        del body[name]


def _of_kind(vector, dense, sparse):
    if TARGET in ("dense", "records"):
        vector.setdefault(dense, [0.5] * DIMENSION)
    elif TARGET == "sparse":
        vector.setdefault(sparse, {"indices": [1, 7], "values": [0.5, 2.0]})
    return vector


@schemathesis.check
def success_is_documented(context, response, case):
    """Of the statuses, those of success must be in the description; it leaves out errors that any call may end with."""
    documented = {str(status).lower() for status in case.operation.definition.raw["responses"]}
    if response.status_code < 300 and str(response.status_code) not in documented and "2xx" not in documented:
        raise AssertionError(f"{response.status_code} is not among {sorted(documented)}")


@schemathesis.check
def errors_have_a_shape(context, response, case):
    """Whether an error is written as Pinecone writes it, documented or not."""
    if response.status_code < 400:
        return
    found = response.json()
    if TARGET:
        assert set(found) == {"code", "message", "details"}, f"{response.status_code} has the members {sorted(found)}"
        assert isinstance(found["code"], int)
        assert isinstance(found["message"], str)
    else:
        assert set(found) == {"status", "error"}, f"{response.status_code} has the members {sorted(found)}"
        assert found["status"] == response.status_code
        assert set(found["error"]) == {"code", "message"}
