"""The assistant client of an official SDK against a running server, from making an assistant to deleting it.

Runs in an environment that has SDK 10, not ours: ``assistant_calls.py '<settings as JSON>'``. Prints one JSON line for
each check, ``{"check", "problem"}``, and last the methods that there are and those that were called.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pinecone.async_client.assistants import AsyncAssistants
from pinecone.client.assistants import Assistants
from pinecone.errors import ApiError, NotFoundError, PineconeError
from sdk10_calls import called, public, record

from pinecone import AsyncPinecone, Pinecone

ASK = "How many panels of solar cells does the lighthouse have?"
ASK_KOREAN = "구들장은 주로 무엇으로 만듭니까?"


class Checks:
    """Each method whose name begins with ``check_`` is one, in this order; they share one assistant."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.pc = Pinecone(api_key=settings["key"], host=settings["url"])
        self.settings = settings
        self.name = "lighthouse"
        self.pdf: Any = None
        self.korean: Any = None

    def check_create_describe_and_list(self) -> None:
        made = self.pc.assistants.create(name=self.name, instructions="Be brief.", metadata={"team": "coast"})
        assert (made.name, made.status, made.instructions) == (self.name, "Ready", "Be brief."), made
        found = self.pc.assistants.describe(name=self.name)
        assert found.host == self.settings["url"]
        assert found.region == "us"
        assert found.metadata == {"team": "coast"}
        assert self.name in [one.name for one in self.pc.assistants.list()]
        assert not list(self.pc.indexes.list())

    def check_upload_a_pdf_by_path(self) -> None:
        self.pdf = self.pc.assistants.upload_file(
            assistant_name=self.name, file_path=self.settings["pdf"], metadata={"kind": "manual"}, timeout=120
        )
        assert (self.pdf.status, self.pdf.name) == ("Available", "lighthouse.pdf"), self.pdf
        assert self.pdf.size == Path(self.settings["pdf"]).stat().st_size
        assert self.pdf.metadata == {"kind": "manual"}

    def check_upload_a_korean_stream_under_an_id(self) -> None:
        self.korean = self.pc.assistants.upload_file(
            assistant_name=self.name,
            file_stream=io.BytesIO(self.settings["korean"].encode()),
            file_name="온돌.md",
            file_id="ondol_1",
            timeout=120,
        )
        assert (self.korean.id, self.korean.name, self.korean.status) == ("ondol_1", "온돌.md", "Available"), (
            self.korean
        )

    def check_a_file_that_cannot_be_read_says_why(self) -> None:
        try:
            self.pc.assistants.upload_file(
                assistant_name=self.name, file_stream=io.BytesIO(b"no pdf"), file_name="broken.pdf", timeout=120
            )
        except PineconeError as error:
            said = str(error)
        else:
            raise AssertionError("it was accepted")
        assert "no PDF" in said, said

    def check_files_operations_and_filters(self) -> None:
        files = {one.id for one in self.pc.assistants.list_files(assistant_name=self.name, filter={"kind": "manual"})}
        assert files == {self.pdf.id}, files
        [first, *_] = self.pc.assistants.list_operations_page(assistant_name=self.name, page_size=1).operations
        found = self.pc.assistants.describe_operation(assistant_name=self.name, operation_id=first.operation_id)
        assert (found.status, found.operation_type) == ("Failed", "upload_file"), found
        assert self.pc.assistants.list_page(page_size=1).assistants
        page = self.pc.assistants.list_files_page(assistant_name=self.name, page_size=1)
        rest = self.pc.assistants.list_files_page(
            assistant_name=self.name, page_size=5, pagination_token=page.pagination.next
        )
        assert len(page.files) == 1
        assert len(rest.files) == 2
        kinds = [
            (one.operation_type, one.status) for one in self.pc.assistants.list_operations(assistant_name=self.name)
        ]
        assert kinds == [("upload_file", "Failed"), ("upsert_file", "Completed"), ("upload_file", "Completed")], kinds
        url = self.pc.assistants.describe_file(assistant_name=self.name, file_id=self.pdf.id, include_url=True)
        assert url.signed_url
        assert url.signed_url.startswith(self.settings["url"])

    def check_chat_cites_the_page_of_the_pdf(self) -> None:
        told = self.pc.assistants.chat(
            assistant_name=self.name, messages=[{"content": ASK}], include_highlights=True, timeout=120
        )
        assert "forty" in told.message.content, told
        references = [one for citation in told.citations for one in citation.references]
        assert {one.file.id for one in references} == {self.pdf.id}, told
        assert {page for one in references for page in one.pages} == {2}, told
        assert any("forty panels" in one.highlight.content for one in references), told
        assert told.usage.total_tokens == told.usage.prompt_tokens + told.usage.completion_tokens > 0
        assert all(0 <= one.position <= len(told.message.content) for one in told.citations)

    def check_chat_in_korean(self) -> None:
        told = self.pc.assistants.chat(assistant_name=self.name, messages=[{"content": ASK_KOREAN}], timeout=120)
        references = [one for citation in told.citations for one in citation.references]
        assert {one.file.id for one in references} == {"ondol_1"}, told
        assert "화강암" in told.message.content, told

    def check_streams(self) -> None:
        stream = self.pc.assistants.chat(assistant_name=self.name, messages=[{"content": ASK}], stream=True)
        chunks = list(stream)
        kinds = [one.type for one in chunks]
        assert (kinds[0], kinds[-1]) == ("message_start", "message_end"), kinds
        assert "citation" in kinds, kinds
        text = "".join(one.delta.content for one in chunks if one.type == "content_chunk")
        assert "forty" in text
        assert chunks[-1].usage.total_tokens > 0
        again = self.pc.assistants.chat_completions(assistant_name=self.name, messages=[{"content": ASK}], stream=True)
        assert "forty" in again.collect()

    def check_completions(self) -> None:
        told = self.pc.assistants.chat_completions(assistant_name=self.name, messages=[{"content": ASK}])
        content = told.choices[0].message.content
        assert "forty" in content, content
        assert "lighthouse.pdf, pp. 2" in content, content

    def check_context(self) -> None:
        told = self.pc.assistants.context(assistant_name=self.name, query=ASK, top_k=3)
        first = told.snippets[0]
        assert 1 <= len(told.snippets) <= 3
        assert "forty panels" in first.content
        assert first.reference.file.id == self.pdf.id
        assert 2 in first.reference.pages
        assert first.reference.type == "pdf"
        again = self.pc.assistants.context(assistant_name=self.name, messages=[{"role": "user", "content": ASK_KOREAN}])
        assert again.snippets[0].reference.file.id == "ondol_1"

    def check_refusals_have_their_class(self) -> None:
        for call in (
            lambda: self.pc.assistants.describe(name="nobody"),
            lambda: self.pc.assistants.describe_file(assistant_name=self.name, file_id="nothing"),
            lambda: self.pc.assistants.describe_operation(assistant_name=self.name, operation_id="nothing"),
        ):
            try:
                call()
            except NotFoundError:
                continue
            raise AssertionError("it was found")
        try:
            self.pc.assistants.chat(assistant_name=self.name, messages=[{"content": ASK}], model="no-such-model")
        except ApiError as error:
            status = error.status_code
        else:
            raise AssertionError("a model that nobody has has answered")
        assert status == 400, status

    def check_update(self) -> None:
        changed = self.pc.assistants.update(name=self.name, instructions="Whisper.")
        assert (changed.name, changed.instructions, changed.metadata) == (self.name, "Whisper.", {"team": "coast"})

    def check_the_asynchronous_client(self) -> None:
        async def work() -> None:
            async with AsyncPinecone(api_key=self.settings["key"], host=self.settings["url"]) as pc:
                told = await pc.assistants.chat(assistant_name=self.name, messages=[{"content": ASK}])
                assert "forty" in told.message.content
                stream = await pc.assistants.chat(assistant_name=self.name, messages=[{"content": ASK}], stream=True)
                assert "forty" in await stream.collect()
                file = await pc.assistants.upload_file(
                    assistant_name=self.name, file_stream=io.BytesIO(b"A short note."), file_name="note.txt"
                )
                await pc.assistants.delete_file(assistant_name=self.name, file_id=file.id)

        asyncio.run(work())

    def check_deleting_a_file_ends_its_citations(self) -> None:
        self.pc.assistants.delete_file(assistant_name=self.name, file_id=self.pdf.id, timeout=60)
        told = self.pc.assistants.context(assistant_name=self.name, query=ASK)
        assert all(one.reference.file.id != self.pdf.id for one in told.snippets)

    def check_delete(self) -> None:
        began = time.monotonic()
        self.pc.assistants.delete(name=self.name, timeout=60)
        assert time.monotonic() - began < 60
        assert self.name not in [one.name for one in self.pc.assistants.list()]

    def check_names_of_older_releases(self) -> None:
        made = self.pc.assistants.create_assistant(assistant_name="old-names", instructions="x")
        assert made.name == "old-names", made
        assert self.pc.assistants.describe_assistant("old-names").status == "Ready"
        assert self.pc.assistants.update_assistant("old-names", instructions="y").instructions == "y"
        assert "old-names" in [one.name for one in self.pc.assistants.list_assistants()]
        assert self.pc.assistants.list_assistants_paginated(limit=1).assistants
        file = made.upload_bytes_stream(io.BytesIO(self.settings["korean"].encode()), "ondol.md")
        assert made.chat(messages=[{"content": ASK_KOREAN}]).message.content
        assert made.context(query=ASK_KOREAN).snippets
        assert [one.id for one in made.list_files()] == [file.id]
        made.delete_file(file.id)
        self.pc.assistants.delete_assistant("old-names")
        self.pc.assistants.close()


def _checks(checks: Checks) -> list[tuple[str, Callable[[], None]]]:
    return [(name, getattr(checks, name)) for name in vars(Checks) if name.startswith("check_")]


def main() -> None:
    for cls in (Assistants, AsyncAssistants):
        for name in public(cls):
            record(cls, name)
    for name, check in _checks(Checks(json.loads(sys.argv[1]))):
        try:
            check()
            problem = ""
        except Exception:
            problem = traceback.format_exc()
        sys.stdout.write(json.dumps({"check": name, "problem": problem}) + "\n")
        sys.stdout.flush()
    methods = [f"Assistants.{name}" for name in public(Assistants)]
    sys.stdout.write(json.dumps({"methods": methods, "called": sorted(called)}) + "\n")


if __name__ == "__main__":
    main()
