"""LlamaIndex, LangChain and Haystack as released, over ``pinyon serve``: the examples, as a reader runs them."""

from __future__ import annotations

import json
import sys

import pytest

from ecosystem.running import Programs, example
from pinyon.models import MODELS
from pinyon.models.descriptions import missing_modules

BADGE = "A lost badge is reported to the guard at the north gate."
ROOM = "회의실은 사흘 전까지 예약합니다."
TRAVEL = "The travel desk books train tickets."
writes = pytest.mark.skipif(
    bool(missing_modules(MODELS["smollm2"])), reason=f"smollm2 is not installed: {MODELS['smollm2'].install}"
)


def the_line(lines: list[str], start: str) -> str:
    [found] = [line.removeprefix(start).strip() for line in lines if line.startswith(start)]
    return found


@writes
def test_llama_index_stores_documents_finds_them_and_answers(programs: Programs) -> None:
    lines = programs.run("llamaindex", example("llama_index_rag"))
    assert lines[0].split(maxsplit=2)[1:] == ["room", ROOM]
    assert the_line(lines, "third floor:") == "leave"
    assert "north gate" in the_line(lines, "answer:")

    held = programs.held("llama-index-office", "handbook")
    assert sorted(metadata["doc_id"] for metadata in held.values()) == ["badge", "leave", "room"], "travel was deleted"
    for id, metadata in held.items():
        assert id.startswith(f"{metadata['ref_doc_id']}#")
        assert json.loads(metadata["_node_content"])["metadata"] == {"floor": metadata["floor"]}
    assert programs.held("llama-index-office") == {}


@writes
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="langchain-pinecone has no release for this Python")
def test_langchain_finds_filters_varies_and_answers(programs: Programs) -> None:
    lines = programs.run("langchain", example("langchain_rag"))
    scores = [float(line.split()[0]) for line in lines[:3]]
    assert scores == sorted(scores, reverse=True)
    assert {line.split()[1] for line in lines[:2]} == {"badge", "again"}
    assert the_line(lines, "upstairs:") == TRAVEL
    assert TRAVEL in the_line(lines, "varied:"), "the two about lost badges say the same: one of them is enough"
    assert "north gate" in the_line(lines, "answer:")

    held = programs.held("langchain-office")
    assert held.keys() == {"badge", "visitors", "again", "travel", "leave"}
    assert held["badge"] == {"text": BADGE, "floor": 1}
    assert programs.held("langchain-office", "ko") == {"room": {"text": ROOM, "floor": 2}}


def test_haystack_writes_filters_searches_and_deletes(programs: Programs) -> None:
    lines = programs.run("haystack", example("haystack_store"))
    assert the_line(lines, "written:") == "4"
    assert the_line(lines, "upstairs:") == "3 of 4"
    assert [line.split(maxsplit=1)[1] for line in lines[2:4]] == [ROOM, TRAVEL]
    assert the_line(lines, "left:") == "3"
    held = programs.held("haystack-office", "handbook")
    assert sorted(metadata["floor"] for metadata in held.values()) == [2, 2, 3]
    assert all(len(id) == 64 and metadata["content"] for id, metadata in held.items())


def test_a_program_that_looks_beyond_this_machine_is_found_out_even_where_it_survives(programs: Programs) -> None:
    program = programs.folder / "curious.py"
    program.write_text("import urllib.request as r\ntry: r.urlopen('http://example.org')\nexcept Exception: pass\n")
    with pytest.raises(AssertionError, match=r"getaddrinfo example\.org"):
        programs.run("haystack", program)
