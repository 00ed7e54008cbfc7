"""The inference API: texts to vectors, reranking, and which models there are.

``x-pinyon-model`` names the model that did the work, which an alias does not.
"""

from __future__ import annotations

from pinyon.engine.embedding import describe_model, embedder_of, reranker_of, sparse_embedder_of
from pinyon.engine.pictures import embed_inputs, input_named, refuse_pictures
from pinyon.engine.records import check_rank_fields, count_tokens, document_text, ranked, rerank_units
from pinyon.errors import InvalidRequestError
from pinyon.server.bodies import json_object
from pinyon.server.http import Answer, Request, Route, json_answer
from pinyon.server.service import Service
from pinyon.types import ModelDescription
from pinyon.wire import inference

MODEL_HEADER = "x-pinyon-model"


def embed(service: Service, request: Request) -> Answer:
    asked = inference.read_embed(json_object(service, request), request.version)
    described = describe_model(service.models, asked.model, quoted=True)
    _check_batch(described, len(asked.inputs), "inputs")
    texts = [one.text for one in asked.inputs if one.text is not None]
    tokens = count_tokens(texts)
    if described.vector_type == "sparse" and described.type == "embed":
        parameters = inference.read_embed_parameters(asked.parameters, described)
        counter = sparse_embedder_of(service.models, asked.model)
        refuse_pictures(asked.model, asked.inputs, input_named)
        values = counter.embed_sparse(texts, input_type=parameters.input_type)
        words = [counter.tokens(text) for text in texts] if parameters.tokens else None
        body = inference.sparse_body(asked.model, values, words, tokens, request.version)
        return _answer(body, counter.name)
    if described.type != "embed":
        raise InvalidRequestError(f"Model '{asked.model}' is for {described.type}: it gives no vectors.")
    parameters = inference.read_embed_parameters(asked.parameters, described)
    embedder = embedder_of(service.models, asked.model, parameters.dimension)
    vectors = embed_inputs(service.models, embedder, asked.inputs, input_named, input_type=parameters.input_type)
    return _answer(inference.dense_body(asked.model, vectors, tokens, request.version), embedder.name)


def rerank(service: Service, request: Request) -> Answer:
    asked = inference.read_rerank(json_object(service, request), request.version)
    reranker = reranker_of(service.models, asked.model)
    _check_batch(describe_model(service.models, asked.model), len(asked.documents), "documents")
    check_rank_fields(service.models, asked.model, asked.fields)
    texts = [document_text(document, asked.fields, row) for row, document in enumerate(asked.documents)]
    order = ranked(reranker, asked.query, texts)[: asked.top_n]
    return _answer(inference.rerank_body(asked, order, rerank_units(len(texts))), reranker.name)


def list_models(service: Service, request: Request) -> Answer:
    wanted = inference.read_model_filter(request.one("type"), request.one("vector_type"))
    longest = service.settings.requests.body_bytes
    models = [inference.model_json(model, longest) for model in service.models.list() if wanted.keeps(model)]
    return json_answer({"models": models})


def get_model(service: Service, request: Request) -> Answer:
    model = describe_model(service.models, request.path["name"])
    return json_answer(inference.model_json(model, service.settings.requests.body_bytes))


def _check_batch(model: ModelDescription, count: int, what: str) -> None:
    if count > model.max_batch:
        raise InvalidRequestError(
            f"{count} {what} are more than {model.max_batch}, the limit of model '{model.name}'. Send them in several "
            "calls."
        )


def _answer(body: bytes, model: str) -> Answer:
    return Answer(body, 200, ((MODEL_HEADER, model),))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/embed",
        embed,
        "inference",
        "inference",
        "embed",
        "Vectors of texts, and of pictures",
        body_limit="large",
        tags=("inference",),
    ),
    Route(
        "POST",
        "/rerank",
        rerank,
        "inference",
        "inference",
        "rerank",
        "Documents in order of how well they answer a query",
        body_limit="large",
        tags=("inference",),
    ),
    Route(
        "GET",
        "/models",
        list_models,
        "inference",
        "inference",
        "list_models",
        "The models and aliases of this server",
        tags=("inference",),
    ),
    Route(
        "GET",
        "/models/{name}",
        get_model,
        "inference",
        "inference",
        "get_model",
        "One model",
        tags=("inference",),
    ),
)
