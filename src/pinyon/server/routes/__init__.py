"""What the server answers over HTTP: a module for each resource, and every route of them all."""

from __future__ import annotations

from pinyon.server.http import Route
from pinyon.server.routes import (
    admin,
    assistant_chat,
    assistant_files,
    assistants,
    backups,
    collections,
    console,
    documents,
    exploring,
    imports,
    indexes,
    inference,
    namespaces,
    openai,
    openai_images,
    operating,
    operations,
    records,
    vectors,
)

_SERVING: tuple[Route, ...] = (
    *admin.ROUTES,
    *assistants.ROUTES,
    *assistant_files.ROUTES,
    *assistant_chat.ROUTES,
    *backups.ROUTES,
    *collections.ROUTES,
    *console.ROUTES,
    *documents.ROUTES,
    *exploring.ROUTES,
    *imports.ROUTES,
    *indexes.ROUTES,
    *inference.ROUTES,
    *namespaces.ROUTES,
    *openai.ROUTES,
    *openai_images.ROUTES,
    *operating.ROUTES,
    *operations.ROUTES,
    *records.ROUTES,
    *vectors.ROUTES,
)
ALL_ROUTES: tuple[Route, ...] = (*_SERVING, *operations.description(_SERVING))
