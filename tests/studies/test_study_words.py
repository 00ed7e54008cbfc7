"""Tables and sentences, from figures that are written here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pinyon.errors import InvalidRequestError
from pinyon.studies import Row, Settings, Source, Study
from pinyon.studies.findings import close, sentences
from pinyon.studies.plans import configurations, plan_of, resolve
from pinyon.studies.sources import source_line
from pinyon.studies.tables import aligned, cells, columns, side_by_side, width
from pinyon.studies.words import particle, to
from pinyon.types import Metric

METRIC: Metric = "cosine"


def study_of(
    name: str, rows: list[Row], /, n: int = 10_000, queries: int = 1_000, **lists: list[int | float | str]
) -> Study:
    options = resolve(plan_of(name), lists, n)
    settings = Settings(name, options, Source(generate=(n, 64)), METRIC, n, 64, queries, 10, 3, "0" * 32)
    return Study(settings, {"cores": 2, "load": 0.1}, "2026-01-02T03:04:05+00:00", tuple(rows))


def row(kind: str, ms: float = 0.1, recall: float = 1.0, spread: float = 0.0, **parameters: int | str) -> Row:
    """A row whose repeats took ms and ``spread`` less and more."""
    return Row(
        kind,
        parameters,
        n=10_000,
        build_seconds=1.0,
        serialised_bytes=2_560_000,
        rss_bytes=3_000_000,
        peak_bytes=3_500_000,
        milliseconds=(ms - spread, ms, ms + spread),
        recall_at_1=recall,
        recall_at_k=recall,
        returned=10.0,
        load=0.2,
    )


def graph(ef_search: int, ms: float, recall: float, at_one: float | None = None, spread: float = 0.0) -> Row:
    made = row("hnsw", ms, recall, spread, m=32, ef_construction=40, ef_search=ef_search)
    return made if at_one is None else replace(made, recall_at_1=at_one)


def sweep(first: Row, last: Row, queries: int = 1_000) -> list[str]:
    return sentences(study_of("hnsw", [row("flat", 0.6), first, last], queries=queries, ef_search=[16, 64]), "en")


def test_sentences_say_where_the_figures_went() -> None:
    assert sweep(graph(16, 0.1, 0.8), graph(64, 0.2, 0.995)) == [
        "With ef_search from 16 to 64, R@10 rises from 0.8000 to 0.9950 and the time of a query grows from 0.100 to "
        "0.200 ms.",
        "The fastest setting with R@10 of 0.99 or more is hnsw m=32 ef_construction=40 ef_search=64: 0.200 ms a query, "
        "3.0 times as fast as exact search (0.600 ms).",
        "Repeats of one setting differ by up to 0% in time: smaller differences mean nothing.",
    ]


def test_other_figures_give_other_sentences() -> None:
    told = sweep(graph(16, 0.9, 0.95), graph(64, 0.7, 0.9))
    assert "R@10 falls from 0.9500 to 0.9000 and the time of a query shrinks from 0.900 to 0.700 ms" in told[0]
    assert told[1].startswith("No setting reaches R@10 of 0.99; the best is hnsw m=32")
    assert told[1].endswith("with 0.9500.")
    assert "1.5 times as slow as exact search" in sweep(graph(16, 0.9, 1.0), graph(64, 0.95, 1.0))[1]


def test_what_may_be_chance_is_not_told_as_a_change() -> None:
    (told, *_) = sweep(graph(16, 0.100, 0.9500, spread=0.02), graph(64, 0.115, 0.9510, spread=0.02))
    assert told == (
        "With ef_search from 16 to 64, R@10 hardly changes (0.9500 and 0.9510) and the time of a query hardly changes "
        "(0.100 and 0.115 ms)."
    )
    assert "rises" in sweep(graph(16, 0.1, 0.95), graph(64, 0.1, 0.951), queries=100_000)[0]


def test_times_that_are_nearly_equal_are_not_called_faster_or_slower() -> None:
    study = study_of("hnsw", [row("flat", 0.6), graph(16, 0.1, 0.9), graph(64, 0.61, 0.995)], ef_search=[16, 64])
    assert "0.610 ms a query, as fast as exact search (0.600 ms)." in sentences(study, "en")[1]
    assert "0.610 ms로 정확 검색(0.600 ms)과 비슷합니다." in sentences(study, "ko")[1]


def test_growth_is_not_judged_by_repeats_that_differ_more_than_it() -> None:
    def told(spread: float) -> str:
        rows = [replace(row("flat", 0.1, rows=5_000), n=5_000), row("flat", 0.3, spread=spread, rows=10_000)]
        return sentences(study_of("growth", rows, rows=[5_000, 10_000]), "en")[0]

    assert told(0.01).endswith("time grows faster than the rows do.")
    assert told(0.1).endswith("the repeats differ too much to tell how time grows.")


@pytest.mark.parametrize(
    ("source", "english", "korean"),
    [
        (Source(generate=(10, 2), seed=3), "generated set, seed 3", "생성한 데이터, 시드 3"),
        (Source(index="docs"), "index 'docs'", "색인 'docs'"),
        (Source(index="docs", namespace="a"), "index 'docs', namespace 'a'", "색인 'docs', 네임스페이스 'a'"),
        (Source(file="/data/glove.hdf5"), "file 'glove.hdf5'", "파일 'glove.hdf5'"),
        (None, "arrays", "배열"),
    ],
)
def test_the_origin_of_the_vectors_is_told_in_the_language(source: Source | None, english: str, korean: str) -> None:
    assert (source_line(source, "en"), source_line(source, "ko")) == (english, korean)


def test_what_stays_the_same_is_told_once() -> None:
    told = sweep(graph(16, 0.1, 1.0), graph(64, 0.1, 1.0))
    assert told[0].endswith("R@10 stays at 1.0000 and the time of a query stays at 0.100 ms.")


def test_a_change_that_the_first_place_hides_is_pointed_out() -> None:
    told = sweep(graph(16, 0.1, 0.973, at_one=0.987), graph(64, 0.1, 0.953, at_one=0.988))
    assert told[1] == "R@1 alone hides what happens to R@10: it is 0.9870 and 0.9880."


def test_a_way_that_is_not_straight_is_pointed_out() -> None:
    rows = [graph(16, 0.1, 0.90), graph(32, 0.2, 0.80), graph(64, 0.3, 0.95)]
    (told, *_) = sentences(study_of("hnsw", rows, ef_search=[16, 32, 64]), "en")
    assert "rises from 0.9000 to 0.9500 (not at every step)" in told


def test_noise_is_told_with_the_load_of_a_busy_machine() -> None:
    rows = [replace(row("flat", 0.3, spread=0.1, rows=size), n=size, load=3.5) for size in (5_000, 10_000)]
    assert sentences(study_of("growth", rows, rows=[5_000, 10_000]), "en")[-1] == (
        "Repeats of one setting differ by up to 100% in time (the machine had a load of 3.5 on 2 cores): smaller "
        "differences mean nothing."
    )


def test_times_that_were_taken_once_are_not_trusted() -> None:
    study = study_of("hnsw", [graph(16, 0.100, 0.95), graph(64, 0.110, 0.95)], ef_search=[16, 64])
    once = replace(study, settings=replace(study.settings, repeats=1))
    once = replace(once, rows=tuple(replace(one, milliseconds=one.milliseconds[:1]) for one in study.rows))
    told = sentences(once, "en")
    assert "the time of a query hardly changes (0.100 and 0.110 ms)" in told[0]
    assert told[-1] == "Each time was taken once, so nothing is known of their spread: give --repeats."


@pytest.mark.parametrize(
    ("ms", "verdict"),
    [(0.2, "in proportion to the rows"), (0.12, "more slowly than the rows"), (0.4, "faster than the rows")],
)
def test_growth_is_compared_with_the_rows(ms: float, verdict: str) -> None:
    rows = [
        replace(row("flat", 0.1, rows=5_000), n=5_000, serialised_bytes=1_280_000),
        replace(row("flat", ms, rows=10_000), n=10_000),
    ]
    told = sentences(study_of("growth", rows, rows=[5_000, 10_000]), "en")
    assert verdict in told[0]
    assert "the index 2.0 times the memory" in told[0]
    assert f"reads 2.6 MB in {ms:.3f} ms, which is {2.56 / ms:.1f} GB a second" in told[1]


def test_the_filter_study_names_every_way_and_its_worst() -> None:
    rows = []
    for share, recall in (("0.5", 0.99), ("0.001", 0.02)):
        graph_ = {"filter": share, "m": 16, "ef_construction": 80}
        rows += [
            replace(
                row("hnsw", 0.1, recall, **graph_, filtering="after", ef_search=100, candidates=100),
                returned=10 * recall,
            ),
            row("hnsw", 0.1, recall * 2 / 3, **graph_, filtering="during", ef_search=64),
            row("flat", 0.2, 1.0, filter=share),
            row("pinyon", 0.3, 0.995 if share == "0.5" else 1.0, filter=share),
        ]
    told = sentences(study_of("filter", rows, selectivity=[0.5, 0.001], ef_search=[64]), "en")
    assert told[0].startswith(
        "Where 0.1 % of the rows match (10), R@10 is 0.0200 with the filter after the graph (0.20 of 10 results), "
        "0.0133 with the filter inside the graph (ef_search 64) (10.00 of 10 results)"
    )
    assert told[1].endswith("1.0000 with exact search and 0.9950 with Pinyon.")
    assert told[2].startswith("Pinyon takes 0.300 to 0.300 ms")


def test_the_quantise_study_names_the_smallest_code_and_what_a_rerank_brings() -> None:
    rows = [
        row("flat", 0.4),
        replace(row("pq4", 0.1, 0.4, width=4, rerank=0), serialised_bytes=160_000),
        replace(row("pq4", 0.2, 0.98, width=4, rerank=100), serialised_bytes=160_000),
        replace(row("scan", 0.15, 0.995), serialised_bytes=200_000),
    ]
    told = sentences(study_of("quantise", rows, codes=["pq4", "scan"], width=[4]), "en")
    assert told[0] == (
        "The smallest code, pq4 width=4 rerank=0, keeps 16 bytes a vector, 6.2% of float32, and finds R@10 of 0.4000."
    )
    assert told[1] == (
        "Scoring 100 candidates again with float32 lifts pq4 from R@10 0.4000 to 0.9800, in 0.200 in place of 0.100 ms."
    )
    assert "is scan: 0.150 ms a query, 2.7 times as fast" in told[2]


def test_nothing_is_said_of_nothing() -> None:
    assert sentences(study_of("hnsw", []), "en") == []
    assert sentences(study_of("hnsw", [Row("flat", {}, error="killed")]), "en") == []


def test_korean_sentences_have_korean_words_and_the_same_figures() -> None:
    study = study_of("hnsw", [row("flat", 0.6), graph(16, 0.1, 0.8), graph(64, 0.2, 0.995)], ef_search=[16, 64])
    assert sentences(study, "ko") == [
        "ef_search를 16에서 64로 바꾸면 R@10은 0.8000에서 0.9950으로 오르고, "
        "질의 시간은 0.100에서 0.200 ms로 길어집니다.",
        "R@10 0.99 이상인 설정 가운데 가장 빠른 것은 hnsw m=32 ef_construction=40 ef_search=64이며 질의당 0.200 ms로 "
        "정확 검색(0.600 ms)보다 3.0배 빠릅니다.",
        "같은 설정을 반복해도 시간이 최대 0% 차이 나므로 그보다 작은 차이에는 뜻이 없습니다.",
    ]


@pytest.mark.parametrize(
    ("number", "read"), [("64", "64로"), ("16", "16으로"), ("320", "320으로"), ("0.97", "0.97로"), ("3", "3으로")]
)
def test_particles_follow_how_a_number_is_read(number: str, read: str) -> None:
    assert to(number) == read
    assert [particle(str(k), "은", "는") for k in (1, 5, 10, 12)] == ["은", "는", "은", "는"]


def test_tables_are_aligned_in_both_languages() -> None:
    study = study_of("hnsw", [row("flat", 0.6), graph(16, 0.1, 0.8), graph(64, 0.2, 0.995)], ef_search=[16, 64])
    for language in ("en", "ko"):
        head, *lines = aligned(columns(study, language), cells(study)).split("\n")
        assert {width(line) for line in [head, *lines]} == {width(head)}
    assert study.table("ko").startswith(
        "종류  ef_search  구축(초)  색인 MB  RSS 증가 MB  최대 MB  ms/질의   최소   최대"
    )
    assert "모든 행에서: hnsw m=32 ef_construction=40." in study.table("ko")
    assert study.table("en").split("\n")[2].split() == (
        "hnsw 16 1.00 2.6 3.0 3.5 0.100 0.100 0.100 0.8000 0.8000".split()
    )


def test_a_row_of_two_series_is_shown_in_both() -> None:
    rows = [
        row("flat"),
        *(row("ivf", nlist=nlist, nprobe=8) for nlist in (16, 256)),
        row("ivf", nlist=256, nprobe=32),
    ]
    shown = [line[:3] for line in cells(study_of("ivf", rows, nlist=[16, 256], nprobe=[8, 32]))]
    assert shown == [
        ["flat", "-", "-"],
        ["ivf", "16", "8"],
        ["ivf", "256", "8"],
        ["ivf", "256", "8"],
        ["ivf", "256", "32"],
    ]


def test_what_has_no_figures_is_told_below_the_table() -> None:
    failed = Row("hnsw", {"m": 32, "ef_construction": 40, "ef_search": 16}, error="the process was ended by SIGKILL")
    table = study_of("hnsw", [row("flat"), failed], ef_search=[16, 64]).table("en")
    assert "hnsw         16        -" in table
    assert "hnsw m=32 ef_construction=40 ef_search=16: not measured: the process was ended by SIGKILL" in table
    assert "2 of 3 settings are measured so far." in table


def test_old_and_new_stand_side_by_side() -> None:
    old = study_of("hnsw", [row("flat", 0.6), graph(16, 0.1, 0.8)], ef_search=[16])
    new = old.with_row(graph(16, 0.3, 0.8))
    heads, lines = side_by_side(old, new, "en")
    assert heads[-4:] == ["build s was", "build s now", "ms/query was", "ms/query now"]
    assert lines[1][-6:] == ["0.8000", "0.8000", "1.00", "1.00", "0.100", "0.300"]
    assert side_by_side(old, new, "ko")[0][-1] == "ms/질의 이번"
    one = replace(old.settings, k=1)
    heads, _ = side_by_side(replace(old, settings=one), replace(new, settings=one), "en")
    assert heads.count("R@1 was") == 1


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="'fr' is unknown: choose from en, ko"):
        study_of("hnsw", [row("flat")]).table("fr")


def test_shares_are_close_when_chance_explains_the_difference() -> None:
    assert close(0.95, 0.951, 10_000)
    assert not close(0.95, 0.96, 10_000)
    assert close(1.0, 0.999, 1_000)
    assert not close(1.0, 0.98, 1_000)


def test_the_order_of_rows_is_that_of_the_settings() -> None:
    study = study_of("hnsw", [], ef_search=[16, 64])
    for one in (graph(64, 0.2, 0.9), row("flat"), graph(16, 0.1, 0.8)):
        study = study.with_row(one)
    wanted = configurations(plan_of("hnsw"), study.settings.options, study.settings.n)
    assert [one.configuration for one in study.rows] == wanted
    assert study.complete
