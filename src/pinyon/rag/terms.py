"""What a text is about: its words without the frequent ones, and how much of a question another text covers.

English words are compared by their Snowball stems. Names such as ``os.check_output`` are compared by their parts, too,
and ``SequenceMatcher`` as two words side by side; ``SHA-1`` and ``t-test`` are one word each. A Korean word is compared
without the particles and endings written onto it: as it is, or by its pairs of syllables.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Term", "Vocabulary", "coverage", "has_hangul", "terms"]

_WORD: Final = re.compile(
    r"(?:(?<!\w)[A-Za-z]-(?=[A-Za-z]))?[^\W_]+(?:[._][^\W_]+)*(?:(?<=[A-Za-z])[-/]\d+(?![\w./-]))?"
)
_JOINED: Final = re.compile(r"[-/]")
_PART: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_HANGUL: Final = re.compile(r"[가-힣]")
_QUOTES: Final = str.maketrans("‘’“”", "''\"\"")
_APOSTROPHE: Final = re.compile(r"(?<=[^\W\d_])'(?:s|re|ve|ll|d|m|t)\b", re.IGNORECASE)

_STOP: Final = frozenset(
    """a about after again all also am an and any anybody anyone anything are as at be because been before being both
    but by can cannot come could did do does doing done each either else ever every for from further get give given go
    had has have having he her here hers him his how however i if in into is it its itself just let like many may me
    might mine more most much must my need no nor not now of off often on once one only onto or other our out over own
    per please rather same say shall she should show since so some such tell than that the their them then there these
    they this those through thus to too under until up upon us use used uses using very via want was we were what
    whatever when where whether which while who whom whose why will with within without would yet you your""".split()
)
_STOP_KOREAN: Final = frozenset(
    """가장 각각 그 그것 그러면 그런 그리고 내 너 누가 누구 누구의 다음 대한 대해 대하여 더 또 또는 뭐 무슨 무엇
    무엇을 무엇이 며칠 몇 몇년 및 바로 어느 어디 어디서 어디에 어디에서 어떠한 어떤 어떻게 언제 얼마 얼마나 여기 왜 우리
    위한 위해 이 이것 있는 있다 있습니까 있나요 있을까 자주 저 제 주세요 하는 하나요 합니까 한다 했나요 했습니까 될까
    되나요 됩니까 인가 인가요 입니까 일까 알려줘 알려주세요 설명해줘""".split()
)
_LIGHT: Final = frozenset(
    """call case certain class code create detail difference example exist explain function happen kind list look mean
    method module name number object occur part possible purpose result return thing time type value way work 경우 것 곳
    내용 년도 때 때문 방법 사람 사용 수 이름 이유 정도 종류""".split()
)
"""Words that many questions share whatever they are about."""
_PARTICLES: Final = re.compile(
    r"(?:이란|이라는|라는|이라고|라고|에게서|에서는|에서의|으로부터|으로서|으로써|에서|에게|부터|까지|으로"
    r"|처럼|보다|이나|에는|에도|과의|와의|[은는이가을를의에도로와과만란])$"
)
_COPULA: Final = re.compile(
    r"(?:이었나요?|였나요?|이었는가|였는가|이었습니까|였습니까|입니까|인가요?|일까요?|이에요|예요)$"
)
_VERBS: Final = re.compile(
    r"(?:나요|[했였었았겠있없]나|니까|까요?|는가요?|는지|던가요?|[어아해워와꿔려겨져쳐]야|[어아해]서|려면|[가-힣]면|[있없]는|[된한긴른린진던])$"
)
"""How verbs end in questions. Their stems change with the ending, so that the word itself says less."""
_NAME, _USUAL, _SLIGHT, _VERB = 2.0, 1.0, 0.5, 0.25


@dataclass(frozen=True, slots=True)
class Term:
    """A word that counts. text: its stem. parts: of a name, the stems between its dots and underscores, each as one or
    more words. weight: how much it says: names and numbers twice, what any question may hold half, Korean verbs a
    quarter."""

    text: str
    weight: float = _USUAL
    parts: tuple[tuple[str, ...], ...] = ()

    @property
    def is_name(self) -> bool:
        """Whether it is a name, or has a number in it."""
        return self.weight == _NAME

    @property
    def is_verb(self) -> bool:
        """Whether it is a Korean verb, of which only the stem says something."""
        return self.weight == _VERB

    @property
    def korean(self) -> bool:
        return has_hangul(self.text)


def has_hangul(text: str) -> bool:
    return _HANGUL.search(text) is not None


def terms(text: str) -> list[Term]:
    """The words of a text that say something, each once, in order."""
    text = _APOSTROPHE.sub("", text.translate(_QUOTES))
    found: dict[str, Term] = {}
    for match in _WORD.finditer(text):
        term = _term(match[0], begins=_begins(text, match.start()))
        if term is not None:
            found.setdefault(term.text, term)
    return list(found.values())


def _begins(text: str, at: int) -> bool:
    before = text[:at].rstrip()
    return not before or before[-1] in ".!?:\n\"'(["


def _term(word: str, *, begins: bool) -> Term | None:
    lower = word.casefold()
    if has_hangul(word):
        bare = lower if lower in _STOP_KOREAN else _bare(lower)
        if lower in _STOP_KOREAN or bare in _STOP_KOREAN:
            return None
        is_verb = _VERBS.search(lower) and not _COPULA.search(lower)
        return Term(bare, _VERB if is_verb else _SLIGHT if bare in _LIGHT else _USUAL)
    if lower in _STOP:
        return None
    stem = _stem(_JOINED.sub("", lower))
    if _JOINED.search(word) or not any(map(str.isalpha, word)):
        return Term(stem, _NAME)
    parts = tuple(_camel(part) for part in _PART.findall(word))
    if len(parts) > 1 or len(parts[0]) > 1:
        return Term(stem, _NAME, parts)
    if any(c.isdigit() for c in word) or (word[0].isupper() and not begins):
        return Term(stem, _NAME)
    return Term(stem, _SLIGHT if stem in _light_stems() else _USUAL)


def _camel(part: str) -> tuple[str, ...]:
    """``SequenceMatcher`` -> the stems of Sequence and Matcher."""
    return tuple(_stem(one.casefold()) for one in _CAMEL.split(part) if one)


def _bare(word: str) -> str:
    """A Korean word without the last particle or ending, if a syllable or two stay."""
    noun = _COPULA.sub("", word)
    if noun and noun != word:
        return noun
    verb = _VERBS.sub("", word)
    if verb != word and verb:
        return verb
    stripped = _PARTICLES.sub("", word)
    return stripped if len(stripped) >= 2 else word


@functools.lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    if not word.isascii():
        return word
    import snowballstemmer

    stemmed: str = snowballstemmer.stemmer("english").stemWord(word)
    return stemmed or word


@functools.cache
def _light_stems() -> frozenset[str]:
    return frozenset(map(_stem, _LIGHT))


class Vocabulary:
    """The words of a text, to look others up in."""

    __slots__ = ("_korean", "_run", "_stems")

    def __init__(self, text: str) -> None:
        self._stems: set[str] = set()
        plain = _APOSTROPHE.sub("", text.translate(_QUOTES))
        run: list[str] = []
        for match in _WORD.finditer(plain):
            self._stems.add(_stem(_JOINED.sub("", match[0].casefold())))
            for part in _PART.findall(match[0]):
                self._stems.add(_stem(part.casefold()))
                run += _camel(part)
        self._stems.update(run)
        self._run = f" {' '.join(run)} "
        self._korean = " ".join(text.casefold().split()) if has_hangul(text) else ""

    def share(self, term: Term) -> float:
        """0..1: how much of a word is there."""
        if term.text in self._stems:
            return 1.0
        if term.parts:
            return sum(map(self._has, term.parts)) / len(term.parts)
        if not term.korean or not self._korean:
            return 0.0
        if term.text in self._korean:
            return 1.0
        pairs = [term.text[at : at + 2] for at in range(len(term.text) - 1)]
        return 0.8 * sum(pair in self._korean for pair in pairs) / len(pairs) if pairs else 0.0

    def _has(self, part: tuple[str, ...]) -> bool:
        """Whether the words of a part of a name stand side by side."""
        return f" {' '.join(part)} " in self._run


def coverage(wanted: Sequence[Term], text: str | Vocabulary) -> float:
    """0..1: the share of the words, by weight, that a text holds; 0 where there are none."""
    there = text if isinstance(text, Vocabulary) else Vocabulary(text)
    whole = sum(term.weight for term in wanted)
    return sum(term.weight * there.share(term) for term in wanted) / whole if whole else 0.0
