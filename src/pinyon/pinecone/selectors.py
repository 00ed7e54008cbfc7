"""Which records a write means: ids, a filter, or all. Combinations are refused in the words of the service."""

from __future__ import annotations

from typing import Any

from pinyon.errors import InvalidRequestError


def check_update(id: str | None, filter: Any, values: Any, sparse_values: Any, dry_run: bool) -> None:
    if (id is None) == (filter is None):
        raise InvalidRequestError("update() needs either id= (one record) or filter= (many), and not both.")
    if filter is not None and (values is not None or sparse_values is not None):
        raise InvalidRequestError(
            "Update by metadata request does not support updating vector values. Update them by id."
        )
    if id is not None and dry_run:
        raise InvalidRequestError("dry_run counts what a filter matches: it cannot be used with id=. Use fetch().")


def check_delete(ids: Any, delete_all: bool | None, filter: Any) -> None:
    if delete_all and ids is not None:
        raise InvalidRequestError("No explicit IDs allowed when delete_all=true. Give one of the two.")
    if delete_all and filter is not None:
        raise InvalidRequestError("No filter allowed when delete_all=true. Give one of the two.")
    if not delete_all and (ids is None) == (filter is None):
        raise InvalidRequestError("delete() needs exactly one of ids=[...], filter={...} and delete_all=True.")
