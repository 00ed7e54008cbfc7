"""What tests of assistants share: a model that quotes, forms as clients send them, and a few documents."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from pinyon.app.answering import Answering
from pinyon.errors import NotFoundError
from pinyon.server.assistant_work import AssistantWork
from pinyon.server.http import Admitted, Answer, Head
from pinyon.server.service import Service
from pinyon.types import ChatMessage, Generator
from rag.writers import Writer, Written
from server.clients import PORT, Client, Description, Reply, WordModels

NEWEST = "2026-07"
OLD = "2025-10"

BEES = """# Bees

## Honey

A colony of bees makes about thirty kilograms of honey in a year. The honey is kept in cells of wax.

## Winter

In winter the bees sit close together and keep the queen warm. They live on the honey that they have kept.
"""
ONDOL = """# 한옥

## 온돌

온돌은 아궁이에서 불을 때어 방바닥을 데우는 난방 방법입니다. 구들장은 주로 화강암으로 만듭니다.
"""
ASK = "How much honey does a colony of bees make in a year?"

_SOURCE = re.compile(r"<<src-\w+ (\d+)>>\n[^\n]*\n(.*?)\n<<end src-\w+ \1>>", re.DOTALL)


@dataclass
class Quoter(Writer):
    """A model that does as it is told: it answers with the sentence of its sources that shares most words with the
    question, and their number."""

    name: str = "quoter"
    prompts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.text:
            self.text = self._quoted

    def _quoted(self, messages: Sequence[ChatMessage]) -> str:
        asked = messages[-1].content
        self.prompts.append("\n".join(one.content for one in messages))
        wanted = set(asked.rpartition("Question:")[2].lower().split())
        best, sentence, number = 0, "NO ANSWER", ""
        for found in _SOURCE.finditer(asked):
            for one in re.split(r"(?<=[.다])\s+", found[2]):
                shared = len(wanted & set(one.lower().split()))
                if shared > best:
                    best, sentence, number = shared, one.strip(), found[1]
        return f"{sentence} [{number}]" if number else sentence


class HelpfulModels(WordModels):
    """Also one that quotes, one that is not installed, and one that fails after its first words."""

    def __init__(self) -> None:
        super().__init__()
        self.quoter = Quoter()

    def list(self) -> Sequence[Description]:
        written: Any = {"type": "generate", "dimension": 0, "dimensions": (), "metrics": (), "max_batch": 1}
        return [*super().list(), Description("quoter", **written)]

    def generator(self, name: str) -> Generator:
        if name != "quoter":
            raise NotFoundError(f"no model is named {name!r}")
        return self.quoter


def form(*parts: tuple[str, str | None, bytes], boundary: str = "") -> tuple[bytes, str]:
    """(body, content type) of (name, file name, content)."""
    boundary = boundary or secrets.token_hex(16)
    body = b""
    for name, filename, content in parts:
        about = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
        body += f"--{boundary}\r\nContent-Disposition: {about}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


class Assisted:
    """A server without sockets that has assistants. work: done when a test says so, by ``settle``."""

    def __init__(self, service: Service, models: HelpfulModels, generator: str = "quoter") -> None:
        self.service = service
        self.models = models
        service.answerer = Answering(models, generator=generator, embedder="words", data=None)
        self.work = AssistantWork(service)
        self.client = Client(service)

    def create(self, name: str = "helper", **more: Any) -> Mapping[str, Any]:
        made = self.client.post("/assistant/assistants", {"name": name, **more}, version=NEWEST)
        assert made.status == 200, made.message
        found: Mapping[str, Any] = made.json
        return found

    def upload(
        self,
        content: str | bytes,
        name: str = "bees.md",
        *,
        to: str = "helper",
        id: str = "",
        metadata: str | None = None,
        version: str = NEWEST,
        **options: Any,
    ) -> Reply:
        parts: list[tuple[str, str | None, bytes]] = [
            ("file", name, content.encode() if isinstance(content, str) else content)
        ]
        if metadata is not None:
            parts.append(("metadata", None, metadata.encode()))
        body, kind = form(*parts)
        path = f"/assistant/files/{to}" + (f"/{id}" if id else "")
        method = "PUT" if id else "POST"
        return self.client.request(method, path, body=body, headers={"content-type": kind}, version=version, **options)

    def settle(self) -> None:
        assert self.work.run_waiting(), "work was left over"

    def given(self, content: str | bytes, name: str = "bees.md", **options: Any) -> Mapping[str, Any]:
        """Uploads a file and has it processed; gives its description."""
        reply = self.upload(content, name, **options)
        assert reply.status == 202, reply.message
        self.settle()
        return self.file(reply.json["file_id"], options.get("to", "helper"))

    def file(self, id: str, of: str = "helper", version: str = NEWEST) -> Mapping[str, Any]:
        reply = self.client.get(f"/assistant/files/{of}/{id}", version=version)
        assert reply.status == 200, reply.message
        found: Mapping[str, Any] = reply.json
        return found

    def ask(self, question: str = ASK, of: str = "helper", version: str = NEWEST, **more: Any) -> Reply:
        body = {"messages": [{"role": "user", "content": question}], **more}
        return self.client.post(f"/assistant/chat/{of}", body, version=version)

    def answer(self, path: str, body: Mapping[str, Any]) -> Answer:
        """An answer as the listener gets it, its pieces not yet taken."""
        headers = {"content-type": "application/json", "x-pinecone-api-version": NEWEST}
        head = Head("POST", path, "", headers, "http", "127.0.0.1:5080", PORT, "127.0.0.1", "test-stream")
        admitted = self.client.admits(head)
        assert isinstance(admitted, Admitted)
        return self.client.app.answer(admitted, orjson.dumps(body))

    def context(self, of: str = "helper", **more: Any) -> Reply:
        return self.client.post(f"/assistant/chat/{of}/context", more, version=NEWEST)

    def chunks(self, of: str = "helper") -> list[str]:
        """Ids of everything that the assistant's index holds."""
        entry = self.service.database.registry.get("assistant", of)
        assert entry is not None
        index = self.service.database.index(f"assistant-{entry['uuid']}")
        return [record.id for record in index.iterate("", include_values=False)]


def events(body: bytes) -> Iterator[Mapping[str, Any]]:
    """The events of a stream."""
    for line in body.split(b"\n\n"):
        if line:
            assert line.startswith(b"data:"), line
            yield orjson.loads(line.removeprefix(b"data:"))


__all__ = ["ASK", "BEES", "NEWEST", "OLD", "ONDOL", "Assisted", "HelpfulModels", "Quoter", "Written", "events", "form"]
