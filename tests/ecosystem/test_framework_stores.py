"""What the frameworks' stores can do besides what the examples show."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ecosystem.running import Programs
from pinyon.models import MODELS
from pinyon.models.descriptions import missing_modules

FOLDER = Path(__file__).parent / "programs"


def test_llama_index_asks_in_every_mode_and_changes_documents(programs: Programs) -> None:
    [line] = programs.run("llamaindex", FOLDER / "llamaindex_more.py")
    assert json.loads(line) == {
        "default": ["0"],
        "hybrid": ["0"],
        "sparse": ["0"],
        "async": ["2"],
        "==": ["1"],
        "!=": ["0", "2"],
        ">": ["1", "2"],
        "<=": ["0", "1"],
        "in": ["0", "2"],
        "nin": ["1"],
        "changed": ["A zebra runs."],
        "left": 1,
    }


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="langchain-pinecone has no release for this Python")
def test_langchain_embeds_reranks_and_searches_by_words_and_asynchronously(programs: Programs) -> None:
    writes = not missing_modules(MODELS["smollm2"])
    [line] = programs.run("langchain", FOLDER / "langchain_more.py", *(["--write"] if writes else []))
    seen = json.loads(line)
    if writes:
        assert "Paris" in seen.pop("streamed")
        assert seen.pop("pieces and usage")
    assert seen == {
        "a hosted name": ["cat"],
        "relevance within 0 and 1": True,
        "after a deletion": ["dog"],
        "after all deletions": [],
        "sparse": ["dogs"],
        "reranked": ["dogs bark"],
        "async": ["cat", "dog"],
        "async with a filter": ["dog"],
        "async varied": ["a cat", "a train"],
        "async after a deletion": ["dog"],
    }


def test_haystack_filters_changes_and_counts(programs: Programs) -> None:
    [line] = programs.run("haystack", FOLDER / "haystack_more.py")
    assert json.loads(line) == {
        "greater": [6, 7, 99],
        "in": [1, 2],
        "not in": [6, 7, 99],
        "equal": [1, 3, 5, 7],
        "not equal": [0, 2, 4, 6],
        "tags": [3, 4],
        "and": [0, 2, 4],
        "or": [0, 99],
        "no embedding comes back as none": True,
        "updated": 2,
        "small": [0, 1],
        "deleted": 2,
        "left": 7,
        "left at the end": 0,
        "async filter": [6, 7],
        "async left": 7,
    }
