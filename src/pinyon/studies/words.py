"""What tables, plots and reports say, in English and Korean."""

from __future__ import annotations

from typing import Any

from pinyon.errors import InvalidRequestError

LANGUAGES = ("en", "ko")

TITLES = {
    "growth": {"en": "Exact search as the number of rows grows", "ko": "데이터 수에 따른 정확 검색"},
    "hnsw": {"en": "HNSW: a graph of neighbours", "ko": "HNSW: 이웃 그래프"},
    "ivf": {"en": "IVF: clusters", "ko": "IVF: 군집"},
    "filter": {"en": "Filtered search against selectivity", "ko": "선택도에 따른 필터 검색"},
    "quantise": {"en": "Codes in place of float32", "ko": "양자화: float32를 대신하는 코드"},
}

HEADS = {
    "kind": {"en": "kind", "ko": "종류"},
    "build": {"en": "build s", "ko": "구축(초)"},
    "size": {"en": "index MB", "ko": "색인 MB"},
    "rss": {"en": "RSS MB", "ko": "RSS 증가 MB"},
    "peak": {"en": "peak MB", "ko": "최대 MB"},
    "median": {"en": "ms/query", "ko": "ms/질의"},
    "fastest": {"en": "min", "ko": "최소"},
    "slowest": {"en": "max", "ko": "최대"},
    "returned": {"en": "results", "ko": "결과 수"},
    "was": {"en": "was", "ko": "이전"},
    "now": {"en": "now", "ko": "이번"},
}

NOTES = {
    "columns": {
        "en": "MB are 1,000,000 bytes. index: as it would be saved; RSS and peak: growth of the memory of a fresh "
        "process during the build. ms/query: one query at a time on one thread, the middle of {repeats} repeats, with "
        "the fastest and the slowest. R@{k}: share of the true best {k} that were found.",
        "ko": "MB는 1,000,000바이트입니다. 색인: 저장했을 때의 크기. RSS·최대: 새 프로세스에서 구축하는 동안 늘어난 "
        "메모리. ms/질의: 스레드 하나로 질의를 하나씩 처리한 시간이며 {repeats}회 반복의 중앙값과 최소·최대. "
        "R@{k}: 실제 상위 {k}개 가운데 찾은 비율.",
    },
    "failed": {"en": "{setting}: not measured: {error}", "ko": "{setting}: 측정하지 못함: {error}"},
    "fixed": {"en": "In every row: {settings}.", "ko": "모든 행에서: {settings}."},
    "missing": {
        "en": "{done} of {total} settings are measured so far.",
        "ko": "설정 {total}개 가운데 {done}개를 측정했습니다.",
    },
    "no_plots": {
        "en": "no plots: they need matplotlib, pip install 'pinyon[study]'",
        "ko": "그림 없음: matplotlib이 필요합니다. pip install 'pinyon[study]'",
    },
    "no_font": {
        "en": "the plots are labelled in English: no font with Korean letters was found on this system",
        "ko": "그림의 글자는 영어입니다: 이 시스템에서 한글 글꼴을 찾지 못했습니다",
    },
}

REPORT = {
    "data": {"en": "Data", "ko": "데이터"},
    "data_line": {
        "en": "{source}: {n:,} rows of {d} dimensions, {metric}; {queries:,} queries, top {k}",
        "ko": "{source}: {d}차원 벡터 {n:,}개, {metric}; 질의 {queries:,}개, 상위 {k}개",
    },
    "figures": {"en": "Figures", "ko": "측정값"},
    "shows": {"en": "What the figures show", "ko": "측정값이 보여 주는 것"},
    "settings": {"en": "Settings", "ko": "설정"},
    "machine": {"en": "Machine", "ko": "컴퓨터"},
    "again": {"en": "To repeat it", "ko": "다시 실행하기"},
    "again_line": {"en": "in the folder of this report", "ko": "이 보고서가 있는 폴더에서"},
}

SOURCES = {
    "generate": {"en": "generated set, seed {seed}", "ko": "생성한 데이터, 시드 {seed}"},
    "index": {"en": "index {index!r}", "ko": "색인 {index!r}"},
    "namespace": {"en": "index {index!r}, namespace {namespace!r}", "ko": "색인 {index!r}, 네임스페이스 {namespace!r}"},
    "file": {"en": "file {file!r}", "ko": "파일 {file!r}"},
    "arrays": {"en": "arrays", "ko": "배열"},
}

PLOTS = {
    "recall": {"en": "recall", "ko": "재현율"},
    "time": {"en": "ms per query", "ko": "질의당 ms"},
    "build": {"en": "build, s", "ko": "구축(초)"},
    "memory": {"en": "MB", "ko": "MB"},
    "rows": {"en": "rows", "ko": "벡터 수"},
    "selectivity": {"en": "share of rows that match", "ko": "조건에 맞는 비율"},
    "bytes": {"en": "bytes per vector", "ko": "벡터당 바이트"},
    "returned": {"en": "results", "ko": "결과 수"},
    "index": {"en": "index", "ko": "색인"},
    "rss": {"en": "RSS growth", "ko": "RSS 증가"},
}


def say(words: dict[str, dict[str, str]], key: str, language: str, /, **values: Any) -> str:
    """A text in a language, with its values filled in. Raises InvalidRequestError for a language that is not known."""
    check(language)
    return words[key][language].format(**values)


def check(language: str) -> None:
    """Raises InvalidRequestError unless it is one of LANGUAGES."""
    if language not in LANGUAGES:
        raise InvalidRequestError(f"language {language!r} is unknown: choose from {', '.join(LANGUAGES)}")


def to(value: str) -> str:
    """A number with the particle "to" in Korean, as it is read aloud: 64 -> "64로", 16 -> "16으로"."""
    return value + ("으로" if value[-1] in "036" else "로")


def particle(value: str, closed: str, open_: str) -> str:
    """The Korean particle for a number: ``closed`` where its last digit is read with a final consonant."""
    return closed if value[-1] in "013678" else open_
