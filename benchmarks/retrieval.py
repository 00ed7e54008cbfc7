"""How well texts are found: by vectors, by words, and by both, in Korean, English and across them.

Run: python benchmarks/retrieval.py [--data ../shared/data] [--questions 1000] [--only korquad,cranfield,...]

Sets: KorQuAD dev (964 paragraphs, 1,000 questions), Cranfield (1,400 abstracts, 225 queries), paraphrases (KLUE-STS
pairs scored 3.5 and more, among all second sentences), cross-lingual (50 Korean questions to the English docstrings of
this Python's standard library), and a mix of keyword and paraphrase questions over all these texts together. Data
come from --data or PINYON_TEST_DATA (default: ../shared/data beside the repository); what is absent is left out.

Searches are those of the product: an index in a temporary directory, the built-in embedder, one namespace a set,
language "auto" for words. What the usual fusion is set to was chosen on every second question of each set but the mix
(half a); the other halves are printed apart. Intervals: 95 %, paired bootstrap over questions, 10,000 samples.
Speeds are per CPU second of one thread. A bar that is missed makes the exit status 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from _bars import Bars
from _retrieval_sets import Retrieval, cranfield, cross_lingual, korquad, mixed, paraphrases, sentence_pairs
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pinyon.app import default_models
from pinyon.app.ingest import model_spec
from pinyon.engine import Database, Index
from pinyon.index import korean
from pinyon.index.analysis import AUTO
from pinyon.index.text import TextIndex
from pinyon.types import Embedder, Floats, Fusion, Query, TextClause

MODEL = "use-multilingual"
DEPTH = 10
BATCH = 1_000
NEVER_WORSE = 0.01
WAYS: dict[str, Fusion | None] = {
    "dense": None,
    "lexical": None,
    "rrf, constant 60": Fusion("rrf"),
    "rrf, constant 20": Fusion("rrf", constant=20.0),
    "weighted, 0.5": Fusion("weighted", weight=0.5),
    "weighted, 0.7": Fusion("weighted", weight=0.7),
    "adaptive": Fusion(),
}
USUAL = "adaptive"
MEASURES = ("R@1", "R@10", "top-3", "MRR@10", "nDCG@10")
Values = NDArray[np.float64]


# -- measuring --------------------------------------------------------------------------------------------------------


def figures(found: Sequence[int], right: frozenset[int]) -> list[float]:
    """MEASURES of one question: rows found, best first."""
    hits = [rank for rank, row in enumerate(found[:DEPTH]) if row in right]
    first = hits[0] if hits else None
    gains = sum(1.0 / np.log2(rank + 2) for rank in hits)
    ideal = sum(1.0 / np.log2(rank + 2) for rank in range(min(len(right), DEPTH)))
    within = [first is not None and first < limit for limit in (1, DEPTH, 3)]
    return [*map(float, within), 0.0 if first is None else 1.0 / (first + 1), gains / ideal]


def answers(index: Index, name: str, asked: Retrieval, vectors: Floats, way: str) -> Values:
    """(questions, measures)"""
    out = []
    for one, vector in zip(asked.asked, vectors, strict=True):
        words = () if way == "dense" else (TextClause(one.text),)
        query = Query(DEPTH, vector=None if way == "lexical" else vector, text=words, fusion=WAYS[way])
        out.append(figures([int(match.id) for match in index.query(name, query).matches], one.right))
    return np.array(out)


def interval(differences: Values, samples: int = 10_000) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = [rng.choice(differences, len(differences)).mean() for _ in range(samples)]
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def filled(database: Database, sets: Sequence[Retrieval], embedder: Embedder) -> Index:
    """Texts that several sets have in common are embedded once."""
    database.create_index(model_spec("retrieval", MODEL))
    index = database.index("retrieval")
    known: dict[str, Floats] = {}
    for one in sets:
        fresh = [text for text in dict.fromkeys(one.texts) if text not in known]
        known |= dict(zip(fresh, embedder.embed(fresh), strict=True)) if fresh else {}
        for start in range(0, len(one.texts), BATCH):
            part = one.texts[start : start + BATCH]
            ids = [str(row) for row in range(start, start + len(part))]
            vectors = np.stack([known[text] for text in part])
            index.upsert(one.name, ids, vectors, metadata=[{"text": text} for text in part])
    return index


def run(index: Index, asked: Retrieval, embedder: Embedder, bars: Bars) -> None:
    vectors = embedder.embed([one.text for one in asked.asked], input_type="query")
    print(f"\n{asked.name}: {len(asked.texts):,} texts, {len(asked.asked):,} questions", flush=True)
    print(f"  {'':18}" + "".join(f"{measure:>9}" for measure in MEASURES) + f"   {asked.measure} of halves a, b   ms")
    results: dict[str, Values] = {}
    for way in WAYS:
        started = time.thread_time()
        found = results[way] = answers(index, asked.name, asked, vectors, way)
        spent = (time.thread_time() - started) / len(found) * 1e3
        counted = found[:, MEASURES.index(asked.measure)]
        means = "".join(f"{mean:9.3f}" for mean in found.mean(axis=0))
        print(
            f"  {way:18}{means}     {counted[::2].mean():.3f}, {counted[1::2].mean():.3f}      {spent:6.2f}", flush=True
        )
    judge(asked, results, bars)


def judge(asked: Retrieval, results: dict[str, Values], bars: Bars) -> None:
    column = MEASURES.index(asked.measure)
    means = {way: found[:, column].mean() for way, found in results.items()}
    if asked.name == "mixed":
        for kind in dict.fromkeys(one.kind for one in asked.asked):
            rows = [row for row, one in enumerate(asked.asked) if one.kind == kind]
            told = ", ".join(f"{way} {results[way][rows, column].mean():.3f}" for way in ("dense", "lexical", USUAL))
            print(f"    {kind} ({len(rows)}): {told}")
        for part in ("dense", "lexical"):
            differences = results[USUAL][:, column] - results[part][:, column]
            low, high = interval(differences)
            print(f"    {USUAL} less {part}: {differences.mean():.3f}, 95 % {low:.3f} to {high:.3f}")
            bars.tell(f"lower end above {part}", low, 1e-9)
        return
    better = max(("dense", "lexical"), key=means.__getitem__)
    bars.tell(f"{USUAL} {asked.measure}, {better} less {NEVER_WORSE}", means[USUAL], means[better] - NEVER_WORSE)
    other = results[USUAL][1::2, column].mean() - results[better][1::2, column].mean()
    bars.tell(f"the same on half b alone, as a difference from {better}", other, -NEVER_WORSE)
    if asked.name == "KorQuAD":
        bars.tell("lexical R@1", results["lexical"][:, 0].mean(), 0.90)
        bars.tell("lexical R@10", results["lexical"][:, 1].mean(), 0.985)
    elif asked.name == "Cranfield":
        bars.tell("hybrid nDCG@10", means[USUAL], 0.40)
    elif asked.name == "cross-lingual":
        bars.tell("hybrid top-3", means[USUAL], 0.6)


# -- the embedder, and speed ------------------------------------------------------------------------------------------


def sentences(data: Path, embedder: Embedder, bars: Bars) -> None:
    """Spearman's correlation on KLUE-STS, and sentences a CPU second: embedded, and read into words."""
    pairs = sentence_pairs(data)
    embedder.embed(["데우기"])
    started = time.process_time()
    left, right = (embedder.embed([pair[side] for pair in pairs]) for side in (0, 1))
    speed = 2 * len(pairs) / (time.process_time() - started)
    alike = np.einsum("ij,ij->i", left, right)
    print(f"\nKLUE-STS: {len(pairs)} pairs, {MODEL}")
    bars.tell("Spearman", float(np.corrcoef(_ranks(alike), _ranks(np.array([pair[2] for pair in pairs])))[0, 1]), 0.74)
    bars.tell("Korean sentences embedded a CPU second", speed, 700.0)


def reading(texts: Sequence[str]) -> None:
    """Sentences that become terms a CPU second, by what reads Korean; words that were seen before cost next to nothing,
    so the first pass is told apart from the second."""
    count = sum(text.count(". ") + 1 for text in texts)
    empty = TextIndex(AUTO)
    empty.append(["데우기"])
    times = []
    for _ in range(2):
        started = time.process_time()
        index = empty.append(texts)
        times.append(time.process_time() - started)
    print(f"\nWords of {len(texts):,} KorQuAD paragraphs, about {count:,} sentences ({korean.rules()})")
    print(f"  {count / times[0]:,.0f} sentences a CPU second, {count / times[1]:,.0f} once their words are known")
    print(f"  {index.nbytes / sum(len(text.encode()) for text in texts):.1f} bytes in memory for a byte of text")


def _ranks(values: Values) -> Values:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Values = (np.cumsum(count) - (count + 1) / 2)[place]
    return ranks


def main() -> int:
    parser = argparse.ArgumentParser(description="How well texts are found.")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--only", default="sentences,korquad,cranfield,paraphrases,cross-lingual,mixed")
    given = parser.parse_args()
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = given.data or Path(os.environ.get("PINYON_TEST_DATA", default))
    absent = [name for name in ("korquad", "cranfield", "klue") if not (data / name).is_dir()]
    if absent:
        print(f"Left out: {data} has no {', '.join(absent)}. Put the data there, or name the folder with --data.")
        return 0
    wanted, bars = given.only.split(","), Bars()
    embedder = default_models().get(MODEL)
    every = [korquad(data), cranfield(data), paraphrases(data), cross_lingual()]
    every.append(mixed(every[2], every[0], every[3]))
    sets = [
        Retrieval(one.name, one.measure, one.texts, one.asked[: given.questions if one.name != "mixed" else None])
        for one in every
        if one.name.lower() in wanted
    ]
    with threadpool_limits(1), tempfile.TemporaryDirectory() as folder, Database(folder) as database:
        if "sentences" in wanted:
            sentences(data, embedder, bars)
            reading(every[0].texts)
        index = filled(database, sets, embedder)
        for one in sets:
            run(index, one, embedder, bars)
    print(f"\n{'every bar reached' if not bars.missed else f'{bars.missed} bars missed'}")
    return int(bars.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
