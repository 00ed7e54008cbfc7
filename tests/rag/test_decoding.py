"""Text of any encoding that is common in Korea just works; what cannot be told for certain is refused."""

from __future__ import annotations

import pytest

from pinyon.errors import InvalidRequestError
from pinyon.rag.decoding import decode
from pinyon.rag.parsed import UnreadableError

KOREAN = (
    "휴가는 사무실에 신청합니다.",
    "제3조(목적) 이 규정은 직원의 휴가에 관한 사항을 정함을 목적으로 한다.",
    "오늘은 비가 와서 우산을 가져왔어요. 내일은 맑다고 하네요.",
    "2024년 예산은 ○○원(₩1,000)이며, “확정”되었다.",
    "똠방각하와 펲시콜라",  # syllables that only the extension of cp949 has
)
JAPANESE = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
    "コンピュータのファイルを開くときは、メニューから選択してください。",
    "休暇の申請は事務室で受け付けています。",
)
CHINESE = (
    "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    "请假需要向办公室申请。如果下雨,请带上雨伞。今天天气很好,我们去公园散步吧。",
)
TRADITIONAL = ("請假需要向辦公室申請。如果下雨,請帶上雨傘。今天天氣很好,我們去公園散步吧。",)
WESTERN = (
    "L'été dernier, nous avons visité le château près de la forêt. C'était très agréable.",
    "Das Mädchen ließ die Tür für den Bären offen; größere Öfen wären nötig.",
)
CASES = [
    *(("cp949", text) for text in KOREAN),
    *(("cp932", text) for text in JAPANESE),
    *(("euc_jp", text) for text in JAPANESE),
    *(("gb18030", text) for text in CHINESE),
    *(("big5", text) for text in TRADITIONAL),
    *(("cp1252", text) for text in WESTERN),
]


@pytest.mark.parametrize(("encoding", "text"), CASES)
def test_an_encoding_is_known_by_what_it_says(encoding: str, text: str) -> None:
    found = decode(text.encode(encoding, "ignore"))
    assert (found.encoding, found.guessed) == (encoding, True)
    assert found.text == text.encode(encoding, "ignore").decode(encoding)


@pytest.mark.parametrize("text", KOREAN[:4])
@pytest.mark.parametrize("words", [1, 2, 3])
def test_a_few_words_of_korean_are_never_taken_for_another_language(text: str, words: int) -> None:
    start = " ".join(text.split()[:words])
    try:
        found = decode(start.encode("cp949", "ignore"))
    except UnreadableError:
        return
    assert found.text == start.encode("cp949", "ignore").decode("cp949")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_needs_no_guess(encoding: str) -> None:
    text = "휴가는 사무실에\n신청합니다. Ask 2 days before.\nThank you."
    found = decode(text.replace("\n", "\r\n").encode(encoding))
    assert (found.text, found.guessed) == (text, False)


def test_an_encoding_that_is_named_is_believed() -> None:
    data = "한국어".encode("cp949")
    assert decode(data, "latin-1").text == "ÇÑ±¹¾î"
    assert decode("한국어".encode(), "cp949").encoding == "utf-8"
    with pytest.raises(UnreadableError, match="not UTF-8 nor ascii text"):
        decode(data, "ascii")
    with pytest.raises(InvalidRequestError, match="unknown encoding 'klingon'"):
        decode(data, "klingon")


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)), b"MZ\x90\0\3\0\0\0", b"\xfd\xfc\xfb" * 50, bytes(range(128, 256)) * 20],
    ids=["all bytes", "program", "high bytes", "upper half"],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        decode(data)
