"""What sheets and reports of comparisons say, in English and Korean."""

from __future__ import annotations

from typing import Final

__all__ = ["CELLS", "HEADS", "REASONS", "REPORT"]

CELLS: Final = {
    "a": {"en": "(a) original", "ko": "(a) 원본"},
    "b": {"en": "(b) from its description", "ko": "(b) 설명으로 그림"},
    "c": {"en": "(c) from its prompt", "ko": "(c) 원래 프롬프트로 그림"},
    "d": {"en": "(d) from the prompt found", "ko": "(d) 검색한 프롬프트로 그림"},
    "rank": {"en": "rank of its prompt: {rank}", "ko": "원래 프롬프트의 순위: {rank}"},
    "beyond": {"en": "its prompt is not among the first {most:,}", "ko": "원래 프롬프트가 상위 {most:,}개에 없음"},
    "likeness": {"en": "picture {likeness:.3f}, text {said:.3f}", "ko": "그림 {likeness:.3f}, 글 {said:.3f}"},
    "said": {"en": "text {said:.3f}", "ko": "글 {said:.3f}"},
    "missing": {"en": "left out: {reason}", "ko": "없음: {reason}"},
}

HEADS: Final = {
    "measure": {"en": "the true prompt", "ko": "원래 프롬프트"},
    "mean": {"en": "mean", "ko": "평균"},
    "interval": {"en": "95 % interval", "ko": "95 % 구간"},
    "pictures": {"en": "pictures", "ko": "그림 수"},
    "way": {"en": "drawn", "ko": "그린 방법"},
    "said": {"en": "text to original", "ko": "글과 원본"},
    "likeness": {"en": "picture to original", "ko": "그림과 원본"},
    "unrelated": {"en": "another original (chance)", "ko": "다른 원본 (우연)"},
    "pair": {"en": "likeness of", "ko": "유사도 비교"},
    "difference": {"en": "mean difference", "ko": "평균 차이"},
    "p": {"en": "p", "ko": "p"},
    "picture": {"en": "picture", "ko": "그림"},
    "rank": {"en": "rank", "ko": "순위"},
    "prompt": {"en": "prompt", "ko": "프롬프트"},
    "model": {"en": "model", "ko": "모델"},
    "seed": {"en": "seed", "ko": "시드"},
    "seconds": {"en": "s", "ko": "초"},
    "tokens": {"en": "tokens", "ko": "토큰"},
    "cost": {"en": "cost", "ko": "비용"},
    "score": {"en": "score", "ko": "점수"},
    "id": {"en": "id", "ko": "ID"},
    "step": {"en": "step", "ko": "단계"},
}

REPORT: Final = {
    "title": {"en": "The comparison of four pictures", "ko": "네 그림의 비교"},
    "line": {
        "en": "Pictures: {count:,}, against the texts of the index {index!r}, compared by {model}",
        "ko": "그림 {count:,}개를 색인 {index!r}의 글과 비교, 모델 {model}",
    },
    "found": {"en": "Is the true prompt found?", "ko": "원래 프롬프트를 찾는가?"},
    "found_note": {
        "en": "R@k: share of the pictures whose own prompt is among the first k texts of the index; MRR: mean of 1 / "
        "its rank. Of the pictures whose prompt the index holds word for word.",
        "ko": "R@k: 자신의 프롬프트가 색인의 상위 k개 글에 있는 그림의 비율. MRR: 1/순위의 평균. 프롬프트가 색인에 "
        "그대로 들어 있는 그림만 셉니다.",
    },
    "near": {"en": "Which way comes nearest?", "ko": "어느 방법이 원본에 가장 가까운가?"},
    "near_note": {
        "en": "Cosines of the vectors that the index's model makes: of what was drawn and the original, and of the "
        "prompt and the original. The two kinds are of different size and must not be compared with each other. A "
        "model sees other things than people do.",
        "ko": "색인의 모델이 만든 벡터의 코사인 유사도: 그린 그림과 원본, 프롬프트와 원본. 두 값은 크기가 서로 달라 "
        "직접 비교할 수 없습니다. 모델은 사람과 다르게 봅니다.",
    },
    "pairs": {"en": "Is the difference more than chance?", "ko": "차이가 우연 이상인가?"},
    "pairs_note": {
        "en": "Of the pictures that have both. p: sign-flip permutation test, two-sided. With three tests a p below "
        ".05 / 3 = .017 is evidence at the usual level; with fewer than seven pictures no p can be as small.",
        "ko": "두 그림이 모두 있는 경우만 셉니다. p: 부호 뒤집기 순열 검정(양측). 검정이 셋이므로 p가 0.05 / 3 = "
        "0.017보다 작아야 보통의 수준에서 근거가 됩니다. 그림이 일곱 개 미만이면 p가 그만큼 작을 수 없습니다.",
    },
    "few": {
        "en": "One picture is no evaluation: intervals and tests need several.",
        "ko": "그림 하나로는 평가가 되지 않습니다. 구간과 검정에는 여러 개가 필요합니다.",
    },
    "none": {"en": "There is nothing to count.", "ko": "셀 것이 없습니다."},
    "spent": {"en": "Times and costs", "ko": "시간과 비용"},
    "described": {"en": "descriptions", "ko": "설명"},
    "drawn": {"en": "drawn pictures", "ko": "그린 그림"},
    "original": {"en": "embedding the original, searching", "ko": "원본 임베딩과 검색"},
    "total": {"en": "total", "ko": "합계"},
    "unknown": {"en": "not known", "ko": "알 수 없음"},
    "left_out": {"en": "What is left out", "ko": "빠진 것"},
    "left_out_line": {
        "en": "{what}: {reason} ({count:,} of {all:,})",
        "ko": "{what}: {reason} ({all:,}개 가운데 {count:,}개)",
    },
    "passed_over": {"en": "{path}: {reason}", "ko": "{path}: {reason}"},
    "all_there": {"en": "Nothing.", "ko": "없음."},
    "pictures": {"en": "The pictures", "ko": "그림"},
    "more": {
        "en": "The first {shown:,} are shown; all are in results.json, each with a sheet in its folder.",
        "ko": "처음 {shown:,}개만 보입니다. 전체는 results.json에, 각 그림의 시트는 그 폴더에 있습니다.",
    },
    "unranked": {"en": "its prompt is not in the index", "ko": "원래 프롬프트가 색인에 없음"},
    "unknown_prompt": {"en": "its prompt is not known", "ko": "원래 프롬프트를 알 수 없음"},
    "nearest": {"en": "The nearest texts of the index", "ko": "색인에서 가장 가까운 글"},
    "changed": {"en": "the model drew from: {text}", "ko": "모델이 바꾼 프롬프트: {text}"},
    "cut": {"en": "(cut off at the limit of tokens)", "ko": "(토큰 한도에서 잘림)"},
    "settings": {"en": "Settings", "ko": "설정"},
    "interrupted": {
        "en": "The run was interrupted: the same command goes on.",
        "ko": "실행이 중단되었습니다. 같은 명령으로 이어집니다.",
    },
    "again": {
        "en": "The same command again keeps what is there and tries again what failed.",
        "ko": "같은 명령을 다시 실행하면 있는 것은 그대로 두고 실패한 것만 다시 시도합니다.",
    },
}

REASONS: Final = {
    "no model that describes pictures was named": "설명하는 모델을 지정하지 않음",
    "no model that draws was named": "그리는 모델을 지정하지 않음",
    "its prompt is not known": "원래 프롬프트를 알 수 없음",
    "the index has no texts": "색인에 글이 없음",
}
"""What is told in Korean of why something is not there; what models say is told in their words."""
