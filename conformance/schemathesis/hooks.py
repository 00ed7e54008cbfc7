"""Hooks of Schemathesis: requests that are near enough to a real index to reach what lies behind the first check.

What is generated from a schema alone names no index that exists and fits no dimension. Half of the requests are made to
fit here; the others go out as they are. It runs inside Schemathesis' own environment, so it imports nothing of ours.
"""

import os
import zlib

import schemathesis

INDEXES = ("dense", "sparse", "records")
MODELS = {
    "/embed": ("use-multilingual", "lexical-sparse", "multilingual-e5-large"),
    "/rerank": ("use-multilingual-reranker",),
}
IDS = ("one", "two", "three")
DIMENSION = 3
TARGET = os.environ.get("PINYON_TARGET", "")
"""The index that data requests go to; "" for the other files."""


@schemathesis.hook
def before_call(context, case, kwargs):
    choice = zlib.crc32(repr((case.method, case.path, case.path_parameters, case.query, case.body)).encode())
    if choice % 2:
        return
    choice //= 2
    _fit_path(case, choice)
    _fit_query(case, choice)
    if isinstance(case.body, dict):
        _fit_body(case.body, choice, case.path)


def _fit_path(case, choice):
    known = {
        "index_name": INDEXES[choice % len(INDEXES)],
        "model_name": ("use-multilingual", "lexical-sparse", "use-multilingual-reranker")[choice % 3],
        "namespace": ("__default__", "films")[choice % 2],
        "collection_name": "copy",
        "id": "1",
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
    if "queries" in body:
        del body["queries"]
    if "id" in body:
        body["id"] = IDS[choice % 3]
        body.pop("vector", None)
    if "topK" in body:
        body["topK"] = 1 + choice % 20
    if "filter" in body:
        body["filter"] = {"year": {"$gt": 1900}}
    if "namespace" in body:
        body["namespace"] = ("", "films")[choice % 2]


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
    if TARGET == "sparse" and name in ("vector", "values"):
        del body[name]
    elif TARGET == "dense" and name.startswith("sparse"):
        del body[name]


def _of_kind(vector, dense, sparse):
    if TARGET == "dense":
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
        assert isinstance(found["code"], int) and isinstance(found["message"], str) and found["details"] == []
    else:
        assert set(found) == {"status", "error"}, f"{response.status_code} has the members {sorted(found)}"
        assert found["status"] == response.status_code and set(found["error"]) == {"code", "message"}
