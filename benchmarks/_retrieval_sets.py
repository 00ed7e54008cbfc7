"""The sets that benchmarks/retrieval.py asks: texts, questions, and which texts answer them. Read at run time."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from _questions import CROSS_LINGUAL

from pinyon.app.corpus import standard_library

QUESTIONS = 1_000
ALIKE = 3.5
"""Score of KLUE-STS from which a pair of sentences counts as paraphrases; the scale ends at 5."""
KEYWORDS = 2
IDENTIFIERS = 50


@dataclass(frozen=True)
class Asked:
    """text: a question. right: rows of the texts that answer it. kind: what sort of question."""

    text: str
    right: frozenset[int]
    kind: str = ""


@dataclass(frozen=True)
class Retrieval:
    """measure: the figure that counts, one of those of ``Figures``."""

    name: str
    measure: str
    texts: list[str]
    asked: list[Asked]


def korquad(data: Path) -> Retrieval:
    """All paragraphs; 1,000 of the questions, the same in every run. A question is answered by its own paragraph."""
    articles = json.loads((data / "korquad" / "KorQuAD_v1.0_dev.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    asked = [
        Asked(qa["question"], frozenset([row])) for row, paragraph in enumerate(paragraphs) for qa in paragraph["qas"]
    ]
    random.Random(0).shuffle(asked)
    return Retrieval("KorQuAD", "R@1", [paragraph["context"] for paragraph in paragraphs], asked[:QUESTIONS])


def cranfield(data: Path) -> Retrieval:
    """Title and abstract. The judgements number the queries by position; codes 1 to 4 count as relevant."""
    folder = data / "cranfield"
    texts = []
    for part in _numbered((folder / "cran.all.1400").read_text(encoding="latin-1")):
        fields = re.split(r"^\.([TABW])\n", part, flags=re.MULTILINE)
        named = dict(zip(fields[1::2], fields[2::2], strict=True))
        texts.append(" ".join(named.get("T", "").split()) + "\n" + " ".join(named.get("W", "").split()))
    queries = [
        " ".join(part.partition(".W\n")[2].split())
        for part in _numbered((folder / "cran.qry").read_text(encoding="latin-1"))
    ]
    right: dict[int, set[int]] = {}
    for line in (folder / "cranqrel").read_text(encoding="latin-1").splitlines():
        query, document, code = line.split()[:3]
        if int(code) >= 1:
            right.setdefault(int(query) - 1, set()).add(int(document) - 1)
    asked = [Asked(query, frozenset(right[number])) for number, query in enumerate(queries) if number in right]
    return Retrieval("Cranfield", "nDCG@10", texts, asked)


def _numbered(text: str) -> list[str]:
    return re.split(r"^\.I \d+\s*\n", text, flags=re.MULTILINE)[1:]


def sentence_pairs(data: Path) -> list[tuple[str, str, float]]:
    """(sentence, sentence, how alike they are, 0 to 5) of KLUE-STS."""
    pairs = json.loads((data / "klue" / "klue-sts-v1.1_dev.json").read_text(encoding="utf-8"))
    return [(pair["sentence1"], pair["sentence2"], float(pair["labels"]["real-label"])) for pair in pairs]


def paraphrases(data: Path) -> Retrieval:
    """The first sentence of each pair that means the same asks for the second, among all second sentences."""
    pairs = sentence_pairs(data)
    asked = [Asked(one, frozenset([row]), "paraphrase") for row, (one, _, score) in enumerate(pairs) if score >= ALIKE]
    return Retrieval("paraphrases", "R@1", [other for _, other, _ in pairs], asked)


def cross_lingual() -> Retrieval:
    """Korean questions to the English docstrings of this Python's standard library."""
    passages = list(standard_library())
    names = [passage.id.partition("#")[0] for passage in passages]
    asked = [
        Asked(question, frozenset(row for row, name in enumerate(names) if _below(name, right)), "cross-lingual")
        for question, right in CROSS_LINGUAL
    ]
    return Retrieval("cross-lingual", "top-3", [passage.text for passage in passages], asked)


def _below(name: str, right: Sequence[str]) -> bool:
    return any(name == one or name.startswith(one + ".") for one in right)


def mixed(sentences: Retrieval, paragraphs: Retrieval, docstrings: Retrieval) -> Retrieval:
    """One corpus of Korean sentences and paragraphs and English docstrings; four sorts of questions, half of them words
    and half of them meaning: keywords of a sentence, names of the library, paraphrases, and Korean questions to it.

    Keywords are the rarest words between spaces of a sentence that is no paraphrase's answer; names are those of
    functions and methods, as they are written in code.
    """
    texts = sentences.texts + paragraphs.texts + docstrings.texts
    shift = len(sentences.texts) + len(paragraphs.texts)
    rng = random.Random(1)
    taken = {row for one in sentences.asked for row in one.right}
    held = Counter(word for text in texts[:shift] for word in set(_words(text)))
    free = [row for row in range(len(sentences.texts)) if row not in taken]
    keywords = []
    for row in rng.sample(free, min(len(free), len(sentences.asked))):
        words = sorted(dict.fromkeys(_words(texts[row])), key=lambda word: (held[word], -len(word)))
        keywords.append(Asked(" ".join(words[:KEYWORDS]), frozenset([row]), "keywords"))
    names = [passage.id for passage in standard_library()]
    dotted = [row for row, name in enumerate(names) if "#" not in name and name.count(".") >= 2 and "._" not in name]
    identifiers = [
        Asked(".".join(names[row].split(".")[-2:]), frozenset([shift + row]), "identifiers")
        for row in rng.sample(dotted, IDENTIFIERS)
    ]
    across = [Asked(one.text, frozenset(shift + row for row in one.right), one.kind) for one in docstrings.asked]
    return Retrieval("mixed", "MRR@10", texts, [*keywords, *identifiers, *sentences.asked, *across])


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)
