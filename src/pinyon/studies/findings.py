"""What the figures of a study show, in sentences that are made from the figures: every number and every verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from pinyon.studies.plans import plan_of, series
from pinyon.studies.results import Results
from pinyon.studies.values import Row
from pinyon.studies.words import check, particle, say, to

GOOD = 0.99
"""The recall that "reached" means."""
_PROPORTION = (0.8, 1.25)


@dataclass(frozen=True, slots=True)
class _Measure:
    """A figure that is followed through a series.

    alike: whether two rows differ by no more than chance would make them, given the number of (query, result) pairs
    that recall is counted over. verbs: (more, less) by language; in Korean, ``last`` has those that end a sentence.
    """

    value: Callable[[Row], float]
    alike: Callable[[Row, Row, int], bool]
    name: dict[str, str]
    form: str
    unit: dict[str, str]
    verbs: dict[str, tuple[str, str]]
    last: tuple[str, str]


def _recall_alike(one: Row, other: Row, pairs: int) -> bool:
    return close(one.recall_at_k, other.recall_at_k, pairs)


def _time_alike(one: Row, other: Row, pairs: int) -> bool:
    if min(len(one.milliseconds), len(other.milliseconds)) == 1:
        return _once_alike(one.median, other.median)
    return one.fastest <= other.slowest and other.fastest <= one.slowest


def _build_alike(one: Row, other: Row, pairs: int) -> bool:
    return _once_alike(one.build_seconds, other.build_seconds)


def _once_alike(one: float, other: float) -> bool:
    """For times that were taken once, so that their spread is not known."""
    return abs(one - other) <= _SPREAD * max(one, other)


def close(one: float, other: float, count: int) -> bool:
    """Whether two shares of ``count`` trials lie within two standard errors of each other."""
    errors = ((share * count + 1) / (count + 2) for share in (one, other))
    return abs(one - other) <= 2.0 * sqrt(sum(share * (1 - share) / count for share in errors))


_SPREAD = 0.15
_TIME_VERBS = {"en": ("grows", "shrinks"), "ko": ("길어지고", "짧아지고")}
_TIME_LAST = ("길어집니다", "짧아집니다")
_BUILD = _Measure(
    lambda row: row.build_seconds,
    _build_alike,
    {"en": "the build time", "ko": "구축 시간은"},
    ".2f",
    {"en": " s", "ko": "초"},
    _TIME_VERBS,
    _TIME_LAST,
)
_QUERY = _Measure(
    lambda row: row.median,
    _time_alike,
    {"en": "the time of a query", "ko": "질의 시간은"},
    ".3f",
    {"en": " ms", "ko": " ms"},
    _TIME_VERBS,
    _TIME_LAST,
)
_SIZE = _Measure(
    lambda row: row.serialised_bytes / 1e6,
    lambda one, other, pairs: one.serialised_bytes == other.serialised_bytes,
    {"en": "the index", "ko": "색인은"},
    ".1f",
    {"en": " MB", "ko": " MB"},
    {"en": ("grows", "shrinks"), "ko": ("커지고", "작아지고")},
    ("커집니다", "작아집니다"),
)
_FOLLOWED = {"m": (_SIZE, _BUILD, _QUERY), "ef_construction": (_BUILD, _QUERY), "nlist": (_BUILD, _QUERY)}
_OBJECTS = {"m": "m을", "ef_construction": "ef_construction을", "ef_search": "ef_search를"}

_SAY = {
    "series": {
        "en": "With {name} from {first} to {last}, {changes}.",
        "ko": "{name} {first}에서 {last} 바꾸면 {changes}.",
    },
    "change": {"en": "{name} {verb} from {first} to {last}{unit}", "ko": "{name} {first}에서 {last}{unit} {verb}"},
    "equal": {"en": "{name} stays at {last}{unit}", "ko": "{name} {last}{unit} 그대로{verb}"},
    "same": {
        "en": "{name} hardly changes ({first} and {last}{unit})",
        "ko": "{name} 거의 그대로{verb}({first}, {last}{unit})",
    },
    "uneven": {"en": " (not at every step)", "ko": "(중간에 오르내림)"},
    "apart": {
        "en": "R@1 alone hides what happens to R@{k}: it is {first} and {last}.",
        "ko": "R@1만 보면 R@{k}의 변화가 드러나지 않습니다({first}, {last}).",
    },
    "reached": {
        "en": "The fastest setting with R@{k} of {good} or more is {setting}: {ms:.3f} ms a query.",
        "ko": "R@{k} {good} 이상인 설정 가운데 가장 빠른 것은 {setting}이며 질의당 {ms:.3f} ms입니다.",
    },
    "reached_flat": {
        "en": "The fastest setting with R@{k} of {good} or more is {setting}: {ms:.3f} ms a query, {times} exact "
        "search ({flat:.3f} ms).",
        "ko": "R@{k} {good} 이상인 설정 가운데 가장 빠른 것은 {setting}이며 질의당 {ms:.3f} ms로 "
        "정확 검색({flat:.3f} ms){times}.",
    },
    "faster": {"en": "{by:.1f} times as fast as", "ko": "보다 {by:.1f}배 빠릅니다"},
    "slower": {"en": "{by:.1f} times as slow as", "ko": "보다 {by:.1f}배 느립니다"},
    "level": {"en": "as fast as", "ko": "과 비슷합니다"},
    "unreached": {
        "en": "No setting reaches R@{k} of {good}; the best is {setting} with {recall:.4f}.",
        "ko": "R@{k} {good}에 이른 설정은 없고, 가장 높은 것은 {setting}의 {recall:.4f}입니다.",
    },
    "noise": {
        "en": "Repeats of one setting differ by up to {share:.0%} in time{load}: smaller differences mean nothing.",
        "ko": "같은 설정을 반복해도 시간이 최대 {share:.0%} 차이 나므로{load} 그보다 작은 차이에는 뜻이 없습니다.",
    },
    "once": {
        "en": "Each time was taken once{load}, so nothing is known of their spread: give --repeats.",
        "ko": "시간을 한 번씩만 재어{load} 편차를 알 수 없습니다: --repeats로 반복하세요.",
    },
    "load": {
        "en": " (the machine had a load of {load} on {cores} cores)",
        "ko": "(측정 중 부하 {load}, 코어 {cores}개)",
    },
    "growth": {
        "en": "From {first:,} to {last:,} rows ({rows:.1f} times as many), a query takes {time:.1f} times as long and "
        "the index {size:.1f} times the memory: {verdict}.",
        "ko": "벡터가 {first:,}개에서 {last:,}개로 {rows:.1f}배 늘 때 질의 시간은 {time:.1f}배, 색인 메모리는 "
        "{size:.1f}배가 됩니다: {verdict}.",
    },
    "linear": {"en": "time grows in proportion to the rows", "ko": "시간은 벡터 수에 비례합니다"},
    "above": {"en": "time grows faster than the rows do", "ko": "시간이 벡터 수보다 빠르게 늘어납니다"},
    "below": {"en": "time grows more slowly than the rows do", "ko": "시간이 벡터 수보다 느리게 늘어납니다"},
    "unsure": {
        "en": "the repeats differ too much to tell how time grows",
        "ko": "반복한 값의 차이가 커서 시간이 어떻게 늘어나는지 알 수 없습니다",
    },
    "reads": {
        "en": "At {n:,} rows a query reads {size:.1f} MB in {ms:.3f} ms, which is {rate:.1f} GB a second.",
        "ko": "벡터 {n:,}개에서 질의 하나가 {size:.1f} MB를 {ms:.3f} ms에 읽으며, 초당 {rate:.1f} GB입니다.",
    },
    "one_size": {
        "en": "At {n:,} rows a query takes {ms:.3f} ms; give several sizes to see how time grows.",
        "ko": "벡터 {n:,}개에서 질의당 {ms:.3f} ms입니다. 크기를 여러 개 주면 시간이 느는 모습이 보입니다.",
    },
    "lowest": {
        "en": "Where {share:.4g} % of the rows match ({matches:,}), R@{k} is {parts}.",
        "ko": "전체의 {share:.4g}%({matches:,}개)가 조건에 맞을 때 R@{k}: {parts}.",
    },
    "part": {
        "en": "{recall:.4f} with {name} ({returned:.2f} of {possible} results)",
        "ko": "{name} {recall:.4f} (결과 {possible}개 중 {returned:.2f}개)",
    },
    "worst": {
        "en": "Over all selectivities the lowest R@{k} is {parts}.",
        "ko": "모든 선택도에서 가장 낮은 R@{k}: {parts}.",
    },
    "worst_part": {"en": "{recall:.4f} with {name}", "ko": "{name} {recall:.4f}"},
    "ours": {
        "en": "Pinyon takes {low:.3f} to {high:.3f} ms, filter and reading the records included; the other times are "
        "of the search alone.",
        "ko": "Pinyon은 필터와 레코드 읽기까지 포함해 {low:.3f}~{high:.3f} ms이고, 다른 시간은 검색만 잰 것입니다.",
    },
    "smallest": {
        "en": "The smallest code, {setting}, keeps {bytes:.0f} bytes a vector, {share:.1%} of float32, and finds R@{k} "
        "of {recall:.4f}.",
        "ko": "가장 작은 코드 {setting}의 크기는 벡터당 {bytes:.0f}바이트(float32의 {share:.1%})이고 R@{k} "
        "{recall:.4f}입니다.",
    },
    "rerank": {
        "en": "Scoring {depth} candidates again with float32 {verb} {kind} from R@{k} {first:.4f} to {last:.4f}, in "
        "{ms:.3f} in place of {before:.3f} ms.",
        "ko": "후보 {depth}개를 float32로 다시 채점하면 {kind}의 재현율은 R@{k} {first:.4f}에서 {last} {verb}, "
        "시간은 {before:.3f}에서 {ms:.3f} ms가 됩니다.",
    },
    "lifts": {"en": "lifts", "ko": "오르고"},
    "lowers": {"en": "lowers", "ko": "내려가고"},
    "keeps": {"en": "leaves", "ko": "그대로이고"},
    "and": {"en": " and ", "ko": ", "},
}
_STRATEGIES = {
    "after": {"en": "the filter after the graph", "ko": "그래프 검색 뒤 필터"},
    "during": {"en": "the filter inside the graph (ef_search {ef})", "ko": "그래프 안 필터(ef_search {ef})"},
    "flat": {"en": "exact search", "ko": "정확 검색"},
    "pinyon": {"en": "Pinyon", "ko": "Pinyon"},
}


def sentences(study: Results, language: str) -> list[str]:
    """What can be said of the rows that have figures; nothing without any."""
    check(language)
    rows = [row for row in study.rows if row.error is None and row.milliseconds]
    if not rows:
        return []
    tell = {"growth": _growth, "filter": _filter, "quantise": _quantise}.get(study.settings.study, _sweep)
    return [*tell(study, rows, language), _noise(study, rows, language)]


def strategy(row: Row, language: str) -> str:
    """How a row of the filter study filters, as it is called in plots and sentences."""
    name = str(row.parameters["filtering"]) if row.kind == "hnsw" else row.kind
    return say(_STRATEGIES, name, language, ef=row.parameters.get("ef_search"))


def _sweep(study: Results, rows: Sequence[Row], language: str) -> Iterator[str]:
    settings = study.settings
    by_key = {row.configuration.key: row for row in rows}
    for one in series(plan_of(settings.study), settings.options, settings.n):
        found = [by_key[c.key] for c in one.configurations if c.key in by_key]
        if len(found) > 1:
            yield from _series(one.varied, found, study, language)
    others = [row for row in rows if row.kind != "flat"]
    if others:
        flat = next((row.median for row in rows if row.kind == "flat"), None)
        yield _cheapest(others, flat, settings.k, language)


def _series(varied: str, rows: Sequence[Row], study: Results, language: str) -> Iterator[str]:
    k, queries = study.settings.k, study.settings.queries
    first, last = rows[0], rows[-1]
    recall = _Measure(
        lambda row: row.recall_at_k,
        _recall_alike,
        {"en": f"R@{k}", "ko": f"R@{k}{particle(str(k), '은', '는')}"},
        ".4f",
        {"en": "", "ko": ""},
        {"en": ("rises", "falls"), "ko": ("오르고", "내려가고")},
        ("오릅니다", "내려갑니다"),
    )
    measures = (recall, *_FOLLOWED.get(varied, (_QUERY,)))
    pairs = queries * k
    changes = [_change(one, rows, pairs, language, one is measures[-1]) for one in measures]
    joined = ", ".join(changes[:-1]) + say(_SAY, "and", language) + changes[-1]
    ends = [str(row.parameters[varied]) for row in (first, last)]
    name = varied if language == "en" else _OBJECTS.get(varied, f"{varied}를")
    shown = ends[1] if language == "en" else to(ends[1])
    yield say(_SAY, "series", language, name=name, first=ends[0], last=shown, changes=joined)
    gain, gain_at_one = last.recall_at_k - first.recall_at_k, last.recall_at_1 - first.recall_at_1
    hidden = close(first.recall_at_1, last.recall_at_1, queries) or gain * gain_at_one < 0
    if k > 1 and hidden and not _recall_alike(first, last, pairs):
        told = {"first": f"{first.recall_at_1:.4f}", "last": f"{last.recall_at_1:.4f}"}
        yield say(_SAY, "apart", language, k=k, **told)


def _change(measure: _Measure, rows: Sequence[Row], pairs: int, language: str, final: bool) -> str:
    values = [measure.value(row) for row in rows]
    first, last = (format(values[at], measure.form) for at in (0, -1))
    unit, name = measure.unit[language], measure.name[language]
    if first == last or measure.alike(rows[0], rows[-1], pairs):
        verb, how = "입니다" if final else "이고", "equal" if first == last else "same"
        return say(_SAY, how, language, name=name, first=first, last=last, unit=unit, verb=verb)
    down = values[-1] < values[0]
    verb = measure.last[down] if final and language == "ko" else measure.verbs[language][down]
    if language == "ko":
        unit, last = (f"{unit}로", last) if unit else ("", to(last))
    told = say(_SAY, "change", language, name=name, first=first, last=last, unit=unit, verb=verb)
    back = [
        (values[at + 1] > values[at]) is down and not measure.alike(rows[at], rows[at + 1], pairs)
        for at in range(len(rows) - 1)
    ]
    return told + say(_SAY, "uneven", language) if any(back) and language == "en" else told


def _cheapest(rows: Sequence[Row], flat: float | None, k: int, language: str) -> str:
    reached = [row for row in rows if row.recall_at_k >= GOOD]
    if not reached:
        best = max(rows, key=lambda row: row.recall_at_k)
        shared = {"k": k, "good": GOOD, "setting": best.configuration, "recall": best.recall_at_k}
        return say(_SAY, "unreached", language, **shared)
    quickest = min(reached, key=lambda row: row.median)
    shared = {"k": k, "good": GOOD, "setting": quickest.configuration, "ms": quickest.median}
    if flat is None:
        return say(_SAY, "reached", language, **shared)
    ratio = flat / quickest.median
    by = max(ratio, 1 / ratio)
    times = say(_SAY, "level" if by < 1.05 else "faster" if ratio > 1 else "slower", language, by=by)
    return say(_SAY, "reached_flat", language, **shared, times=times, flat=flat)


def _growth(study: Results, rows: Sequence[Row], language: str) -> Iterator[str]:
    ordered = sorted(rows, key=lambda row: row.n)
    first, last = ordered[0], ordered[-1]
    if first.n == last.n:
        yield say(_SAY, "one_size", language, n=last.n, ms=last.median)
    else:
        grown, time = last.n / first.n, last.median / first.median
        size = last.serialised_bytes / first.serialised_bytes
        told = {"first": first.n, "last": last.n, "rows": grown, "time": time, "size": size}
        yield say(_SAY, "growth", language, **told, verdict=say(_SAY, _verdict(first, last), language))
    rate = last.serialised_bytes / (last.median * 1e6)
    yield say(_SAY, "reads", language, n=last.n, size=last.serialised_bytes / 1e6, ms=last.median, rate=rate)


def _verdict(first: Row, last: Row) -> str:
    """How time grew beside the rows: not told where other repeats would tell otherwise."""
    low, high = (bound * last.n / first.n for bound in _PROPORTION)
    time, least, most = last.median / first.median, last.fastest / first.slowest, last.slowest / first.fastest
    if low <= time <= high:
        return "linear"
    if least <= high and most >= low:
        return "unsure"
    return "below" if time < low else "above"


def _filter(study: Results, rows: Sequence[Row], language: str) -> Iterator[str]:
    k, n = study.settings.k, study.settings.n
    shares = sorted({float(row.parameters["filter"]) for row in rows})
    least = [row for row in rows if float(row.parameters["filter"]) == shares[0]]
    matches = max(1, round(shares[0] * n))
    parts = [
        say(
            _SAY,
            "part",
            language,
            recall=row.recall_at_k,
            name=strategy(row, language),
            returned=row.returned,
            possible=min(k, matches),
        )
        for row in least
    ]
    yield say(_SAY, "lowest", language, share=100 * shares[0], matches=matches, k=k, parts=_listed(parts, language))
    if len(shares) > 1:
        names = dict.fromkeys(strategy(row, language) for row in rows)
        worst = {name: min(row.recall_at_k for row in rows if strategy(row, language) == name) for name in names}
        told = [say(_SAY, "worst_part", language, recall=value, name=name) for name, value in worst.items()]
        yield say(_SAY, "worst", language, k=k, parts=_listed(told, language))
    ours = [row.median for row in rows if row.kind == "pinyon"]
    if ours:
        yield say(_SAY, "ours", language, low=min(ours), high=max(ours))


def _quantise(study: Results, rows: Sequence[Row], language: str) -> Iterator[str]:
    k = study.settings.k
    codes = [row for row in rows if row.kind != "flat"]
    if codes:
        row = min(codes, key=lambda one: (one.serialised_bytes, one.median))
        per_vector = row.serialised_bytes / row.n
        told = {"setting": row.configuration, "bytes": per_vector, "share": per_vector / (4 * study.settings.d)}
        yield say(_SAY, "smallest", language, **told, k=k, recall=row.recall_at_k)
        yield from _reranked(row, codes, k, language)
        yield _cheapest(codes, next((one.median for one in rows if one.kind == "flat"), None), k, language)


def _reranked(row: Row, codes: Sequence[Row], k: int, language: str) -> Iterator[str]:
    """What the deepest rerank does for the code of a row that has none."""
    if row.parameters.get("rerank") != 0:
        return
    shared = {**row.parameters, "rerank": None}
    same = [one for one in codes if one.kind == row.kind and {**one.parameters, "rerank": None} == shared]
    deepest = max(same, key=lambda one: int(one.parameters["rerank"]))
    if deepest is row:
        return
    gain = deepest.recall_at_k - row.recall_at_k
    verb = say(_SAY, "lifts" if gain > 0 else "lowers" if gain < 0 else "keeps", language)
    last = deepest.recall_at_k if language == "en" else to(f"{deepest.recall_at_k:.4f}")
    told = {"depth": deepest.parameters["rerank"], "kind": row.kind, "first": row.recall_at_k, "last": last}
    yield say(_SAY, "rerank", language, **told, verb=verb, k=k, ms=deepest.median, before=row.median)


def _noise(study: Results, rows: Sequence[Row], language: str) -> str:
    loads = [row.load for row in rows if row.load is not None]
    cores = int(study.environment.get("cores") or 1)
    busy = bool(loads) and max(loads) > 0.5 * cores
    load = say(_SAY, "load", language, load=max(loads), cores=cores) if busy else ""
    if study.settings.repeats == 1:
        return say(_SAY, "once", language, load=load)
    share = max(row.slowest / row.fastest - 1.0 for row in rows)
    return say(_SAY, "noise", language, share=share, load=load)


def _listed(parts: Sequence[str], language: str) -> str:
    """a, b and c."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + say(_SAY, "and", language) + parts[-1]
