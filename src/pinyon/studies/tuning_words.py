"""What a tuning says of itself, in English and Korean: the table of the front, what was chosen, and why."""

from __future__ import annotations

from collections.abc import Sequence

from pinyon.studies import tables
from pinyon.studies.choosing import TIE, Contract, Finding, Miss
from pinyon.studies.sources import source_line
from pinyon.studies.tuning_results import TuningResults
from pinyon.studies.words import REPORT, check, say

TITLE = {"tune": {"en": "The cheapest index that keeps a contract", "ko": "조건을 지키는 가장 저렴한 색인"}}

HEADS = {
    "index": {"en": "index", "ko": "색인"},
    "median": {"en": "ms/query", "ko": "ms/질의"},
    "p99": {"en": "p99 ms", "ko": "p99 ms"},
    "memory": {"en": "memory MB", "ko": "메모리 MB"},
    "build": {"en": "build s", "ko": "구축(초)"},
    "misses": {"en": "breaks", "ko": "어긴 조건"},
}

SAID = {
    "front": {"en": "The best trade-offs", "ko": "최선의 절충점"},
    "all": {"en": "Everything that was measured", "ko": "측정한 모든 설정"},
    "columns": {
        "en": "ms/query: the whole query from vector to records, one at a time on one thread, in the median; p99: 99 "
        "of 100 queries take no longer. R@{k}: share of the true best {k} that were found. memory: vectors and index, "
        "without metadata, in 1,000,000 bytes.",
        "ko": "ms/질의: 벡터에서 레코드까지 스레드 하나로 하나씩 처리한 질의 시간의 중앙값, p99: 질의 100개 가운데 "
        "99개는 이 시간을 넘지 않음. R@{k}: 실제 상위 {k}개 가운데 찾은 비율. 메모리: 메타데이터를 뺀 벡터와 색인, "
        "1MB는 1,000,000바이트.",
    },
    "filters": {
        "en": "Every query was asked without a filter and with each of {count}: ms/query is the mean, p99 and R@{k} "
        "are the worst of them.",
        "ko": "모든 질의를 필터 없이, 그리고 필터 {count}개로 각각 실행했습니다: ms/질의는 평균, p99와 R@{k}는 가장 "
        "나쁜 값입니다.",
    },
    "sample": {
        "en": "Measured on a sample of {n:,} of {total:,} rows; memory is scaled up to all. Times grow with the "
        "rows, most of all those of flat and scan: measure all rows to be sure.",
        "ko": "벡터 {total:,}개 가운데 표본 {n:,}개로 측정했으며, 메모리는 전체로 환산했습니다. 벡터가 많을수록, "
        "특히 flat과 scan에서 시간이 늘어납니다. 확실히 하려면 전체를 측정하십시오.",
    },
    "measured": {
        "en": "{done} of {possible} settings were measured.",
        "ko": "설정 {possible}개 가운데 {done}개를 측정했습니다.",
    },
    "skipped": {"en": "Not measured: {reasons}.", "ko": "측정하지 않음: {reasons}."},
    "unfinished": {"en": "It is not finished.", "ko": "아직 끝나지 않았습니다."},
    "fastest": {
        "en": "Chosen: {index}. It is the fastest of {count} that keep the contract ({contract}): {figures}.",
        "ko": "선택: {index}. 조건({contract})을 지키는 {count}개 가운데 가장 빠릅니다: {figures}.",
    },
    "level": {
        "en": "Chosen: {index}. It is within {share:.0%} of the fastest of {count} that keep the contract "
        "({contract}), {fastest} at {ms} ms, and {better}: {figures}.",
        "ko": "선택: {index}. 조건({contract})을 지키는 {count}개 가운데 가장 빠른 {fastest}({ms} ms)보다 "
        "{share:.0%} 넘게 느리지 않으면서 {better}: {figures}.",
    },
    "none": {
        "en": "Nothing of what was measured keeps the contract ({contract}). The nearest:",
        "ko": "측정한 것 가운데 조건({contract})을 지키는 것이 없습니다. 가장 가까운 것:",
    },
    "failed": {"en": "{index}: not measured: {error}", "ko": "{index}: 측정하지 못함: {error}"},
    "figures": {
        "en": "{ms} ms a query, recall {recall}, {memory} MB",
        "ko": "질의당 {ms} ms, 재현율 {recall}, {memory} MB",
    },
    "fixed": {
        "en": "Its effort is fixed: Pinyon goes on to measure the recall of live queries, but does not raise it by "
        "itself.",
        "ko": "탐색량이 고정됩니다: Pinyon은 실제 질의의 재현율을 계속 측정하지만 탐색량을 스스로 늘리지는 않습니다.",
    },
}

REASONS = {
    "recall": {"en": "{n} would only add effort once the recall is reached", "ko": "재현율에 이미 도달: {n}개"},
    "slower": {"en": "{n} are slower than one that keeps the contract", "ko": "조건을 지키는 설정보다 느림: {n}개"},
    "latency": {"en": "{n} take longer than was asked for", "ko": "요구한 시간을 넘음: {n}개"},
    "memory": {"en": "{n} need more memory than was asked for", "ko": "요구한 메모리를 넘음: {n}개"},
    "larger": {
        "en": "{n} are larger builds where a smaller one gained nothing",
        "ko": "더 크게 구축해도 이득 없음: {n}개",
    },
    "failed": {"en": "{n} could not be measured", "ko": "측정 실패: {n}개"},
}
BETTER = {
    "memory": {"en": "needs less memory", "ko": "메모리를 덜 씁니다"},
    "build": {"en": "is built faster", "ko": "더 빨리 구축됩니다"},
    "adaptive": {"en": "Pinyon chooses its effort", "ko": "Pinyon이 탐색량을 정합니다"},
    "equal": {"en": "is as good", "ko": "차이가 없습니다"},
}
BOUNDS = {
    "recall": {"en": "recall {value}", "ko": "재현율 {value}"},
    "latency_ms": {"en": "{value} ms", "ko": "{value} ms"},
    "p99_ms": {"en": "p99 {value} ms", "ko": "p99 {value} ms"},
    "memory_mb": {"en": "{value} MB", "ko": "{value} MB"},
}
MISSES = {"en": "{found}, asked for {limit}", "ko": "{found} (요구: {limit})"}


def text(tuning: TuningResults, language: str) -> str:
    """The table of the front, with aligned columns, and all sentences."""
    check(language)
    lines = [data_line(tuning, language), ""]
    if tuning.front:
        lines += [tables.aligned(columns(tuning, language), cells(tuning, tuning.shown, language)), ""]
    return "\n".join([*lines, *sentences(tuning, language)])


def data_line(tuning: TuningResults, language: str) -> str:
    """Which vectors were measured, on one line."""
    settings = tuning.settings
    told = {name: getattr(settings, name) for name in ("d", "metric", "queries", "k")}
    return say(REPORT, "data_line", language, source=source_line(settings.source, language), n=settings.total, **told)


def columns(tuning: TuningResults, language: str) -> list[str]:
    """The heads of ``cells``."""
    names = [HEADS[name][language] for name in HEADS]
    return [*names[:3], f"R@{tuning.settings.k}", *names[3:]]


def cells(tuning: TuningResults, findings: Sequence[Finding], language: str) -> list[list[str]]:
    """A line for each finding. The chosen one has a star."""
    best = tuning.best
    return [
        [
            one.candidate.settings + (" *" if best is not None and one.candidate == best.candidate else ""),
            f"{one.milliseconds:.3f}",
            f"{one.p99:.3f}",
            f"{one.recall:.4f}",
            f"{one.memory_bytes / 1e6:.1f}",
            f"{one.build_seconds:.2f}",
            ", ".join(bound(miss.bound, miss.limit, language) for miss in one.misses(tuning.contract)) or "-",
        ]
        for one in findings
    ]


def sentences(tuning: TuningResults, language: str) -> list[str]:
    """What was chosen and why, or what comes nearest; then how it was measured."""
    check(language)
    settings = tuning.settings
    said = [*chosen(tuning, language), ""]
    measured = [say(SAID, "measured", language, done=len(tuning.findings), possible=tuning.possible)]
    if tuning.skipped:
        reasons = [REASONS[name][language].format(n=count) for name, count in tuning.skipped.items() if name in REASONS]
        measured.append(say(SAID, "skipped", language, reasons="; ".join(reasons)))
    if not tuning.complete:
        measured.append(say(SAID, "unfinished", language))
    said.append(" ".join(measured))
    if settings.sampled:
        said.append(say(SAID, "sample", language, n=settings.n, total=settings.total))
    if settings.filters:
        said.append(say(SAID, "filters", language, count=len(settings.filters), k=settings.k))
    said.append(say(SAID, "columns", language, k=settings.k))
    failed = {str(row.parameters.get("settings")): row.error for row in tuning.rows if row.error is not None}
    return said + [say(SAID, "failed", language, index=index, error=error) for index, error in failed.items()]


def chosen(tuning: TuningResults, language: str) -> list[str]:
    """What was chosen and why; where nothing keeps the contract, what comes nearest and which bounds it breaks."""
    check(language)
    best, contract = tuning.best, contract_line(tuning.contract, language)
    if best is None:
        near = [
            f"  {one.candidate.settings}: {missed(one.misses(tuning.contract), language)}" for one in tuning.nearest
        ]
        return [say(SAID, "none", language, contract=contract), *near]
    keeping = [one for one in tuning.findings if not one.misses(tuning.contract)]
    fastest = min(keeping, key=lambda one: one.milliseconds)
    told = {"index": best.candidate.settings, "count": len(keeping), "contract": contract}
    told |= {"figures": _figures(best, language)}
    if fastest.candidate == best.candidate:
        said = [say(SAID, "fastest", language, **told)]
    else:
        told |= {"fastest": fastest.candidate.settings, "ms": f"{fastest.milliseconds:.3f}"}
        better = BETTER[_better(best, fastest)][language]
        said = [say(SAID, "level", language, share=TIE - 1.0, better=better, **told)]
    return said if best.candidate.adaptive else [*said, say(SAID, "fixed", language)]


def missed(misses: Sequence[Miss], language: str) -> str:
    """What was found against what was asked for, bound by bound."""
    return "; ".join(
        MISSES[language].format(
            found=bound(one.bound, one.value, language), limit=bound(one.bound, one.limit, language)
        )
        for one in misses
    )


def contract_line(contract: Contract, language: str) -> str:
    """The bounds that there are."""
    given = {name: value for name, value in contract.to_json().items() if value is not None}
    return ", ".join(bound(name, value, language) for name, value in given.items())


def _better(best: Finding, fastest: Finding) -> str:
    if best.memory_bytes < fastest.memory_bytes:
        return "memory"
    if best.build_seconds < fastest.build_seconds:
        return "build"
    return "adaptive" if best.candidate.adaptive and not fastest.candidate.adaptive else "equal"


def _figures(one: Finding, language: str) -> str:
    figures = {
        "ms": f"{one.milliseconds:.3f}",
        "recall": f"{one.recall:.4f}",
        "memory": f"{one.memory_bytes / 1e6:.1f}",
    }
    return say(SAID, "figures", language, **figures)


def bound(name: str, value: float, language: str) -> str:
    """One bound of a contract, or what was found in its place."""
    shown = f"{value:.5g}" if name == "recall" else f"{value:.4g}"
    return BOUNDS[name][language].format(value=shown)
