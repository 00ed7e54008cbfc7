"""Sparse search and hybrid search: the kernel and the whole query, against scipy and against scoring every record.

Run: python benchmarks/sparse.py [--rows 100000] [--queries 300] [--only kernel,growth,query,hybrid]

Sparse data: terms drawn by Zipf's law from a vocabulary of 30,000, about 60 a document, weights like SPLADE's
(log(1 + x)); queries of 10 terms drawn alike, so that common terms are common in queries too. With KorQuAD in
PINYON_BENCH_TEXT (default: ../shared/data/korquad beside the repository) also words of Korean text. scipy, if it is
installed, gives the reference: CSR times a dense query, the sum of the query's CSC columns, argpartition.
One thread. Figures are medians within one run; compare ratios, not machines.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _workload import Workload, say
from threadpoolctl import threadpool_limits

from pinyon import Pinecone, ServerlessSpec
from pinyon.index.sparse import Sparse
from pinyon.types import Bools, Floats, SparseValues

TOP_K = 10
TERMS = 10
NONZEROS = 60
VOCABULARY = 30_000
BATCH = 1_000

Search = Callable[[SparseValues], object]


@dataclass(frozen=True)
class Corpus:
    name: str
    documents: list[SparseValues]
    queries: dict[str, list[SparseValues]]


# -- data -------------------------------------------------------------------------------------------------------------


def zipf(rows: int, count: int, seed: int = 0) -> Corpus:
    rng = np.random.default_rng(seed)
    shares = 1.0 / np.arange(1, VOCABULARY + 1)
    reach = np.cumsum(shares / shares.sum())
    documents = [drawn(rng, reach, int(size)) for size in rng.normal(NONZEROS, NONZEROS / 4, rows).clip(5)]
    holders = np.bincount(np.concatenate([document.indices for document in documents]), minlength=VOCABULARY)
    common = np.argsort(-holders, kind="stable")[:TERMS]
    rare = np.flatnonzero((holders > 5) & (holders < rows // 500))
    queries = {
        "as documents": [some(rng, drawn(rng, reach, NONZEROS).indices) for _ in range(count)],
        "rare terms": [some(rng, rare) for _ in range(count)],
        "the 10 commonest": [some(rng, common) for _ in range(count)],
    }
    queries["as documents, negative"] = [SparseValues(q.indices, -q.values) for q in queries["as documents"]]
    return Corpus("zipf", documents, queries)


def drawn(rng: np.random.Generator, reach: np.ndarray, size: int) -> SparseValues:
    terms = np.unique(np.searchsorted(reach, rng.random(2 * size)).clip(max=VOCABULARY - 1))
    return some(rng, terms, size)


def some(rng: np.random.Generator, terms: np.ndarray, size: int = TERMS) -> SparseValues:
    """At most ``size`` of the terms, with weights."""
    kept = np.sort(rng.permutation(terms)[:size]).astype(np.uint32)
    return SparseValues(kept, np.log1p(rng.exponential(size=kept.size)).astype(np.float32))


def text(rows: int, count: int) -> Corpus | None:
    """Documents of two sentences each, queries of 10 tokens from questions about the same articles."""
    from pinyon.models.lexical_sparse import LexicalSparse

    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "korquad"
    path = Path(os.environ.get("PINYON_BENCH_TEXT", default)) / "KorQuAD_v1.0_dev.json"
    if not path.exists():
        return None
    paragraphs = [part for article in json.loads(path.read_text("utf-8"))["data"] for part in article["paragraphs"]]
    sentences = [s for part in paragraphs for s in re.split(r"(?<=[.!?])\s+", part["context"]) if len(s) > 10]
    questions = [asked["question"] for part in paragraphs for asked in part["qas"]]
    rng, model = np.random.default_rng(1), LexicalSparse()
    held = model.embed_sparse(sentences)
    documents = [summed(held[i], held[j]) for i, j in rng.integers(len(held), size=(rows, 2)).tolist()]
    asked = model.embed_sparse([questions[i] for i in rng.permutation(len(questions))[:count]], input_type="query")
    return Corpus("Korean text", documents, {"questions": [part(rng, query) for query in asked]})


def summed(left: SparseValues, right: SparseValues) -> SparseValues:
    terms, places = np.unique(np.concatenate([left.indices, right.indices]), return_inverse=True)
    weights = np.bincount(places, np.concatenate([left.values, right.values]))
    return SparseValues(terms, weights.astype(np.float32))


def part(rng: np.random.Generator, query: SparseValues) -> SparseValues:
    kept = np.sort(rng.permutation(query.indices.size)[:TERMS])
    return SparseValues(query.indices[kept], query.values[kept])


# -- measuring --------------------------------------------------------------------------------------------------------


def timed(search: Callable[[Any], object], queries: Iterable[Any]) -> tuple[float, float]:
    """p50 and p99 milliseconds."""
    seconds = []
    for query in queries:
        start = time.perf_counter()
        search(query)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) * 1e3, float(np.percentile(seconds, 99)) * 1e3


def line(name: str, search: Callable[[Any], object], queries: Sequence[Any]) -> float:
    timed(search, queries[:20])
    p50, p99 = timed(search, queries)
    say(f"  {name:44s} p50 {p50:7.3f} ms   p99 {p99:7.3f} ms")
    return p50


# -- the kernel alone -------------------------------------------------------------------------------------------------


def bench_kernel(corpus: Corpus) -> None:
    rows = len(corpus.documents)
    nonzeros = np.mean([document.indices.size for document in corpus.documents])
    say(f"Kernel, {corpus.name}: {rows:,} documents of {nonzeros:.0f} terms, queries of {TERMS}, top {TOP_K}")
    lists = Sparse().append(corpus.documents).settle()
    draw = np.random.default_rng(2).random(rows)
    references = scipy_searches(corpus.documents)
    for kind, queries in corpus.queries.items():
        touched = np.median([lists.scores(query)[0].size for query in queries[:50]])
        say(f" queries {kind}: {touched:,.0f} documents share a term")
        ours = line("Pinyon, one segment", lambda query: lists.top(query, TOP_K), queries)
        for share in (0.99, 0.1, 0.001):
            line(f"Pinyon, filter {share:.1%}", masked(lists, draw < share), queries)
        for name, search in references.items():
            other = line(name, search, queries[:100])
            say(f"  {'':44s} {other / ours:.1f} x Pinyon's time")


def masked(lists: Sparse, mask: Bools) -> Search:
    return lambda query: lists.top(query, TOP_K, mask)


def scipy_searches(documents: list[SparseValues]) -> dict[str, Search]:
    try:
        from scipy import sparse
    except ImportError:
        say(" (scipy is not installed: no reference)")
        return {}
    ends = np.cumsum([0, *(document.indices.size for document in documents)])
    terms, columns = np.unique(np.concatenate([document.indices for document in documents]), return_inverse=True)
    values = np.concatenate([document.values for document in documents])
    by_row = sparse.csr_matrix((values, columns.astype(np.int32), ends), shape=(len(documents), terms.size))
    by_column = by_row.tocsc()
    last = len(documents) - TOP_K

    def known(query: SparseValues) -> tuple[np.ndarray, Floats]:
        places = np.minimum(np.searchsorted(terms, query.indices), terms.size - 1)
        held = terms[places] == query.indices
        return places[held], query.values[held]

    def rows(query: SparseValues) -> object:
        dense = np.zeros(terms.size, np.float32)
        places, weights = known(query)
        dense[places] = weights
        return np.argpartition(by_row @ dense, last)[last:]

    def columns_of(query: SparseValues) -> object:
        places, weights = known(query)
        return np.argpartition(by_column[:, places] @ weights, last)[last:]

    return {"scipy csr @ vector": rows, "scipy csc columns @ weights": columns_of}


# -- growing and changing ---------------------------------------------------------------------------------------------


def bench_growth(corpus: Corpus) -> None:
    """What a search costs after the worst that single writes can do."""
    queries = next(iter(corpus.queries.values()))
    rows = len(corpus.documents)
    say(f"Growth, {corpus.name}: {rows:,} documents; every change gives a new value, as catching up after a write does")
    lists = Sparse()
    for start in range(0, rows, BATCH):
        lists = lists.append(corpus.documents[start : start + BATCH])
    bulk = lists
    line(f"appended by {BATCH:,}: {len(bulk._segments)} segments", lambda query: bulk.top(query, TOP_K), queries)
    whole = bulk.settle()
    line("settled: 1 segment", lambda query: whole.top(query, TOP_K), queries)
    order = np.random.default_rng(3).permutation(rows)
    singles: list[tuple[str, Callable[[Sparse, int], Sparse]]] = [
        ("single appends", lambda value, row: value.append([corpus.documents[row]])),
        ("single replacements", lambda value, row: value.replace(order[row : row + 1], [corpus.documents[row]])),
    ]
    for name, change in singles:
        worst_change, worst_query, most = 0.0, 0.0, 0
        value, begin = whole, time.perf_counter()
        for row in range(min(3_000, rows)):
            start = time.perf_counter()
            value = change(value, row)
            worst_change = max(worst_change, time.perf_counter() - start)
            if len(value._segments) > most:
                most = len(value._segments)
                worst_query = timed(lambda query, value=value: value.top(query, TOP_K), queries[:50])[0]  # type: ignore[misc]
        mean = (time.perf_counter() - begin) / min(3_000, rows) * 1e6
        say(
            f"  3,000 {name}: {mean:.0f} µs each, slowest {worst_change * 1e3:.1f} ms;"
            f" at most {most} segments, where a query takes {worst_query:.3f} ms (p50)"
        )


# -- the whole query --------------------------------------------------------------------------------------------------


def bench_query(corpus: Corpus) -> None:
    rows = len(corpus.documents)
    say(f"Index.query, {corpus.name}: {rows:,} documents on disk, metadata returned, top {TOP_K}")
    with tempfile.TemporaryDirectory() as folder, Pinecone(path=folder) as pc:
        pc.create_index("sparse", vector_type="sparse", metric="dotproduct", spec=ServerlessSpec("aws", "us-east-1"))
        index = pc.Index("sparse")
        draw = np.random.default_rng(4).random(rows)
        begin = time.perf_counter()
        for start in range(0, rows, BATCH):
            stop = min(rows, start + BATCH)
            index.upsert(
                ids=[str(row) for row in range(start, stop)],
                sparse_values=corpus.documents[start:stop],
                metadata={"draw": draw[start:stop], "text": [f"document {row}" for row in range(start, stop)]},
            )
        say(f"  {rows / (time.perf_counter() - begin):,.0f} records/s upserted by {BATCH:,}")
        index.ready()

        def asked(**settings: Any) -> Search:
            return lambda query: index.query(top_k=TOP_K, sparse_vector=query, include_metadata=True, **settings)

        for kind, queries in corpus.queries.items():
            say(f" queries {kind}")
            line("no filter", asked(), queries)
            line("filter 10 %", asked(filter={"draw": {"$lt": 0.1}}), queries)
        index.delete(ids=[str(row) for row in range(0, rows, 20)])
        queries = next(iter(corpus.queries.values()))
        line("5 % of the records deleted", asked(), queries)
        for row in range(min(300, rows)):
            index.upsert([{"id": f"new {row}", "sparse_values": as_dict(corpus.documents[row])}])
            index.query(top_k=1, sparse_vector=queries[0])
        line("after 300 single upserts, each searched", asked(), queries)


def as_dict(values: SparseValues) -> dict[str, list[Any]]:
    return {"indices": values.indices.tolist(), "values": values.values.tolist()}


# -- hybrid -----------------------------------------------------------------------------------------------------------


def bench_hybrid(rows: int, count: int) -> None:
    work = Workload.load(rows, count)
    say(f"Hybrid query: {rows:,} x {work.dimension} ({work.origin}) + sparse values, metric dotproduct, top {TOP_K}")
    independent = zipf(rows, count)
    similar = [projected(work.base, work.base, 1.0), projected(work.base, work.queries, 1.0)]
    cases = {
        "independent terms": (independent.documents, independent.queries["as documents"]),
        "terms that agree with the vectors": (similar[0], [strongest(query) for query in similar[1]]),
        "terms of the opposite direction": (
            similar[0],
            [strongest(query) for query in projected(work.base, work.queries, -1.0)],
        ),
    }
    for name, (documents, queries) in cases.items():
        with tempfile.TemporaryDirectory() as folder, Pinecone(path=folder) as pc:
            hybrid_case(pc, work, name, documents, queries)


def hybrid_case(
    pc: Pinecone, work: Workload, name: str, documents: list[SparseValues], queries: list[SparseValues]
) -> None:
    pc.create_index("hybrid", dimension=work.dimension, metric="dotproduct", spec=ServerlessSpec("aws", "us-east-1"))
    index = pc.Index("hybrid")
    for start in range(0, work.rows, BATCH):
        stop = min(work.rows, start + BATCH)
        index.upsert(
            vectors=work.base[start:stop],
            ids=work.ids[start:stop],
            sparse_values=documents[start:stop],
            metadata={"text": [f"document {row}" for row in range(start, stop)]},
        )
    index.ready()
    lists = Sparse().append(documents)
    best = float(np.median([lists.all_scores(query).max() for query in queries[:50]]))
    say(f" {name}")
    for scale in (0.05, 0.2, 1.0, 5.0):
        pairs = [
            (vector, SparseValues(query.indices, (query.values * (scale / best)).astype(np.float32)))
            for vector, query in zip(work.queries, queries, strict=True)
        ]
        compare(index, pairs, scale)


def compare(index: Any, pairs: list[tuple[Floats, SparseValues]], scale: float) -> None:
    """Either way in turns, 25 queries at a time: one way's memory traffic is not the other's burden."""
    seconds: dict[bool, list[float]] = {True: [], False: []}
    found: dict[bool, list[Any]] = {True: [], False: []}
    for first in range(0, len(pairs), 25):
        for exact in (True, False):
            for vector, sparse in pairs[first : first + 25]:
                start = time.perf_counter()
                answer = index.query(
                    top_k=TOP_K, vector=vector, sparse_vector=sparse, exact=exact, include_metadata=True, explain=True
                )
                seconds[exact].append(time.perf_counter() - start)
                found[exact].append(answer)
    hits = sum(
        match.score >= true.matches[-1].score
        for true, answer in zip(found[True], found[False], strict=True)
        for match in answer.matches
    )
    fused = sum(not answer.plan.exact for answer in found[False])
    slow, fast = (float(np.median(seconds[exact])) * 1e3 for exact in (True, False))
    say(
        f"  best sparse score about {scale:4.2f}: every record {slow:6.2f} ms   fused {fast:6.2f} ms"
        f" (p99 {np.percentile(seconds[False], 99) * 1e3:6.2f})   {slow / fast:4.1f} x"
        f"   recall {hits / (TOP_K * len(pairs)):.4f}   {fused / len(pairs):.0%} not exhaustive"
    )


def projected(base: Floats, rows: Floats, sign: float, vocabulary: int = 4_096) -> list[SparseValues]:
    """Each row's 60 strongest of 4,096 random directions, or their opposites: near vectors share terms."""
    directions = np.random.default_rng(5).standard_normal((base.shape[1], vocabulary)).astype(np.float32)
    directions *= sign / np.sqrt(base.shape[1])
    middle = base[:20_000].mean(axis=0)
    found = []
    for start in range(0, len(rows), 2_000):
        table = (rows[start : start + 2_000] - middle) @ directions
        terms = np.sort(np.argpartition(-table, NONZEROS, axis=1)[:, :NONZEROS], axis=1)
        weights = np.maximum(np.take_along_axis(table, terms, axis=1), np.float32(1e-3))
        found += [SparseValues(t.astype(np.uint32), w) for t, w in zip(terms, weights, strict=True)]
    return found


def strongest(values: SparseValues) -> SparseValues:
    kept = np.sort(np.argsort(-values.values)[:TERMS])
    return SparseValues(values.indices[kept], values.values[kept])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--only", default="kernel,growth,query,hybrid")
    options = parser.parse_args()
    chosen = set(options.only.split(","))
    if unknown := chosen - {"kernel", "growth", "query", "hybrid"}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    say(f"numpy {np.__version__}, load {os.getloadavg()[0]:.1f}")
    with threadpool_limits(limits=1):
        if chosen & {"kernel", "growth", "query"}:
            for corpus in (zipf(options.rows, options.queries), text(options.rows, options.queries)):
                if corpus is None:
                    say("KorQuAD is absent: no text (set PINYON_BENCH_TEXT)")
                    continue
                for name, bench in (("kernel", bench_kernel), ("growth", bench_growth), ("query", bench_query)):
                    if name in chosen:
                        bench(corpus)
        if "hybrid" in chosen:
            bench_hybrid(options.rows, options.queries)
    return 0


if __name__ == "__main__":
    sys.exit(main())
