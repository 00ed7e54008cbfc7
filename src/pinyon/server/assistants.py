"""Assistants: what they are called, what they were told, and which index holds the chunks of their files."""

from __future__ import annotations

from pinyon.errors import NotFoundError
from pinyon.server.answering import Chat, Reply
from pinyon.server.roles import Principal
from pinyon.server.service import Service


def reply(service: Service, principal: Principal, name: str, chat: Chat) -> Reply:
    """The answer of an assistant. Raises NotFoundError, ForbiddenError, FailedPreconditionError."""
    raise NotFoundError(f'Assistant "{name}" not found.')
