"""Bytes to text: byte order marks, UTF-8, and the encodings of Korea, Japan, China and the West by their content."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pinyon.errors import InvalidRequestError
from pinyon.rag.parsed import UnreadableError

__all__ = ["Decoded", "decode"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

SAMPLE: Final = 40_000
"""Characters beyond ASCII that the choice of an encoding looks at."""

ENOUGH: Final = 0.5
"""Mean score that an encoding must reach. True ones score about 0.9 (Korean), 0.7 to 0.9 (Chinese, Japanese), and
mistaken ones less than 0.5, on texts from a few words on (tests/rag/test_decoding.py)."""

CLEAR: Final = 0.1
"""By so much the best guess must lead; otherwise the file is not read, and --encoding says what it is."""

# The commonest syllables of Korean, and characters of Chinese (simplified and traditional) and Japanese running text.
_KOREAN = frozenset(
    "이다는을의에가고하은한지를도사으로기서어인나자대해리시일그들정스과라전부제수동있원주보아구상안장만성국여조유중적게와경공"
    "학신위선회방무관면화내도모당연산생미비개마계실세오문소분물용된없습니요았었였려등년월발치음반드남요음민할거간체출업통차재저"
    "트말바심법명강단각타러행래우영번직매석호술양진불레김박최프력단결설본르교식후같감표금외작복된되입합달했데론운터건속승돌"
)
_CHINESE = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方"
    "多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情"
    "明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给"
    "世位次度门任常先海通教东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再"
    "這個們來為國說時會對過發後裡種經麼學現當沒動還進樣開從實軍無與長機業將兩間問應戰頭體見產關點門話東聲員論處義幾認條氣題"
)
_PUNCTUATION = frozenset("、。，．・：；？！「」『』（）《》〈〉【】“”‘’…—～·　①②③④⑤○●◎□■◇◆※→←↑↓×÷°℃％")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text with ``\\n`` line ends and the codec that gave it. guessed: neither UTF-8, nor marked, nor named."""

    text: str
    encoding: str
    guessed: bool = False


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of a file: what its byte order mark says, else UTF-8, else ``encoding``, else what its content tells.

    A guess must decode without error and score well (``_guessed``). Raises UnreadableError with the reason,
    InvalidRequestError for an encoding that does not exist.
    """
    marked = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    wide = (encoding or "").lower().startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
    if marked is None and b"\0" in data[:8192] and not wide:
        marked = _wide(data)
        if marked is None:
            raise UnreadableError("binary")
    tried = [marked] if marked else ["utf-8", *([encoding] if encoding else [])]
    for name in tried:
        try:
            text = data.decode(name)
        except (UnicodeDecodeError, UnicodeError):
            continue
        except LookupError:
            raise InvalidRequestError(f"unknown encoding {name!r}: try cp949, euc-kr, shift_jis or latin-1") from None
        return Decoded(_lines(text), name.removesuffix("-sig"))
    if marked or encoding:
        raise UnreadableError(f"not {' nor '.join(name.upper() if name == 'utf-8' else name for name in tried)} text")
    return _guessed(data)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: of spaces, digits and line ends every other byte is zero."""
    sample = data[: 8192 - len(data) % 2]
    sides = (("utf-16-le", sample[1::2].count(0)), ("utf-16-be", sample[::2].count(0)))
    name, zeros = max(sides, key=lambda side: side[1])
    # In binary data zeros fall on both sides; of Korean syllables one in 256 has one on the other side.
    if zeros < max(3, len(sample) // 40) or min(count for _, count in sides) > zeros // 3:
        return None
    try:
        text = sample.decode(name, "strict")
    except UnicodeDecodeError:
        return None
    plain = sum(c.isspace() or " " <= c < "\x7f" or c in _PUNCTUATION or c.isalpha() for c in text)
    return name if plain > 0.95 * len(text) else None


# -- guessing ---------------------------------------------------------------------------------------------------------


def _korean(character: str) -> float:
    if "가" <= character <= "힣":
        # Of 11,172 syllables KS X 1001 has 2,350, which is what people write.
        return 1.0 if character in _KOREAN else 0.6 if _in_ksx1001(character) else 0.0
    return 0.8 if character in _PUNCTUATION else 0.3 if "一" <= character <= "鿿" else 0.1


def _in_ksx1001(character: str) -> bool:
    try:
        character.encode("euc_kr")
    except UnicodeEncodeError:
        return False
    return True


def _japanese(character: str) -> float:
    if "ぁ" <= character <= "ヾ":
        return 1.0
    return 0.8 if character in _PUNCTUATION else 0.5 if "一" <= character <= "鿿" else 0.1


def _chinese(character: str) -> float:
    if "一" <= character <= "鿿":
        return 1.0 if character in _CHINESE else 0.4
    return 0.8 if character in _PUNCTUATION else 0.1


def _western(character: str) -> float:
    return 0.8 if character.isalpha() else 0.6 if character in "«»“”‘’…–—•°§©®€£ \xa0" else 0.1


_CANDIDATES: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("cp949", _korean),
    ("cp932", _japanese),
    ("euc_jp", _japanese),
    ("gb18030", _chinese),
    ("big5", _chinese),
    ("cp1252", _western),
)


def _guessed(data: bytes) -> Decoded:
    """The encoding under which the text looks most like running text of its language, if one leads clearly."""
    found: list[tuple[float, str, str]] = []
    for name, score in _CANDIDATES:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        foreign = [character for character in text[: 4 * SAMPLE] if character > "\x7f"][:SAMPLE]
        mean = sum(map(score, foreign)) / max(1, len(foreign))
        if name == "cp1252" and not _is_western(text, foreign):
            mean = 0.0
        if not _controls(text):
            found.append((mean, name, text))
    found.sort(key=lambda one: -one[0])
    if not found or found[0][0] < ENOUGH or (len(found) > 1 and found[0][0] - found[1][0] < CLEAR):
        told = f" (most like {found[0][1]})" if found and found[0][0] >= ENOUGH else ""
        raise UnreadableError(f"not UTF-8, and no other encoding fits{told}: name it, for example --encoding cp949")
    return Decoded(_lines(found[0][2]), found[0][1], guessed=True)


def _is_western(text: str, foreign: list[str]) -> bool:
    """Accented letters stand alone or in twos among plain ones; in text of East Asia nearly every byte is high."""
    return len(foreign) < 0.3 * sum(not character.isspace() for character in text[: 4 * SAMPLE])


def _controls(text: str) -> bool:
    sample = text[:SAMPLE]
    return sum((c < " " and c not in "\t\n\r\f\x1a") or "\x7f" <= c < "\xa0" for c in sample) > len(sample) // 1000
