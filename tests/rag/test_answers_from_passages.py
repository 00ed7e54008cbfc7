"""An assistant answers from its passages, cites what bears it out, and refuses where they say nothing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from pinyon.errors import (
    ContextOverflowError,
    FailedPreconditionError,
    InvalidRequestError,
    ModelUnavailableError,
)
from pinyon.rag import Assistant, Passage, Settings
from pinyon.rag.assistant import MAXIMUM_QUESTION
from pinyon.types import ChatMessage, Generator, Usage
from rag.writers import Shelf, Shelves, Writer, passage, pieces_of

RULES = [
    passage("leave", "Annual leave is asked for three days before it begins. The office grants it.", source="leave.md"),
    passage("trips", "Trips abroad need the consent of the treasurer. Trains are second class.", source="trips.md"),
    passage("gym", "The gym opens at seven in the morning and closes at nine in the evening.", source="gym.md"),
]
LEAVE = "When is annual leave asked for?"
GOOD = "Annual leave is asked for three days before it begins [1]."


def assistant(writer: Writer, passages: list[Passage] | None = None, **settings: object) -> Assistant:
    return Assistant(Shelf(RULES if passages is None else passages), writer, settings=Settings(**settings))  # type: ignore[arg-type]


def test_the_scripted_writer_is_a_generator() -> None:
    assert isinstance(Writer(), Generator)


def test_a_sentence_is_cited_with_the_span_of_the_source_that_says_it() -> None:
    answer = assistant(Writer(GOOD)).ask(LEAVE)
    [citation] = answer.citations
    assert (answer.outcome, answer.text) == ("generated", "Annual leave is asked for three days before it begins. [1]")
    assert (citation.number, citation.id, citation.source) == (1, "leave", "leave.md")
    assert citation.quote == "Annual leave is asked for three days before it begins."
    assert RULES[0].text[citation.start : citation.end] == citation.quote


def test_a_sentence_without_a_number_is_cited_by_what_supports_it() -> None:
    answer = assistant(Writer("Annual leave is asked for three days before. The office grants it.")).ask(LEAVE)
    assert [one.quote for one in answer.citations] == [
        "Annual leave is asked for three days before it begins.",
        "The office grants it.",
    ]


def test_two_sentences_of_the_sources_are_cited_where_one_does_not_say_all() -> None:
    written = "Annual leave is asked for three days before it begins and granted by the office [1]."
    [sentence] = assistant(Writer(written)).ask(LEAVE).sentences
    assert [one.quote for one in sentence.citations] == [
        "Annual leave is asked for three days before it begins.",
        "The office grants it.",
    ]


def test_numbers_that_no_source_has_are_removed_and_counted() -> None:
    answer = assistant(Writer("Annual leave is asked for three days before it begins [1][7] [12, 13].")).ask(LEAVE)
    assert answer.text == "Annual leave is asked for three days before it begins. [1]"
    assert answer.corrections.unresolved == 3


def test_a_number_of_the_wrong_source_is_put_right_and_counted() -> None:
    answer = assistant(Writer("Annual leave is asked for three days before it begins [2].")).ask(LEAVE)
    assert [one.source for one in answer.citations] == ["leave.md"]
    assert answer.corrections.misplaced == 1


def test_what_nothing_supports_is_marked_beside_what_is_supported() -> None:
    answer = assistant(Writer(f"{GOOD} Penguins may apply by fax.")).ask(LEAVE)
    assert [one.supported for one in answer.sentences] == [True, False]
    assert answer.text.endswith("Penguins may apply by fax. (not supported by the sources)")
    assert answer.sentences[1].citations == ()
    assert answer.corrections.unsupported == 1


def test_a_changed_number_is_not_supported() -> None:
    text = [passage("a", "The lake is 312 metres deep and 40 kilometres long.")]
    answer = assistant(Writer("The lake is 512 metres deep [1]."), text).ask("How deep is the lake?")
    assert answer.outcome == "quoted"
    assert "312" in answer.text


def test_the_source_is_quoted_where_nothing_that_was_written_is_supported() -> None:
    answer = assistant(Writer("Penguins apply by fax. They need a stamp.")).ask(LEAVE)
    assert answer.outcome == "quoted"
    assert answer.text == "“Annual leave is asked for three days before it begins.” [1]"
    assert [(one.quoted, one.supported) for one in answer.sentences] == [(True, True)]
    assert answer.corrections.unsupported == 2


def test_an_empty_text_of_the_model_is_answered_by_a_quotation() -> None:
    assert assistant(Writer("")).ask(LEAVE).outcome == "quoted"


@pytest.mark.parametrize("quoted", ["asked for three\ndays before", "Asked  for three days before"])
def test_a_quotation_is_found_whatever_its_white_space(quoted: str) -> None:
    answer = assistant(Writer(f'Annual leave is "{quoted}" it begins [1].'.replace("\n", " "))).ask(LEAVE)
    assert answer.corrections.misquoted == 0
    assert answer.outcome == "generated"


def test_a_quotation_that_no_source_has_makes_its_sentence_unsupported() -> None:
    written = f'{GOOD} The rules say "three days before it begins or never at all".'
    answer = assistant(Writer(written)).ask(LEAVE)
    assert answer.corrections.misquoted == 1
    assert [one.supported for one in answer.sentences] == [True, False]


@pytest.mark.parametrize(
    "written",
    [
        'Penguins fly by fax to Mars and the moon "three days before it" [1].',
        'The rules say "asked for three days before" and that bees are fish and cats fly abroad for honey [1].',
    ],
)
def test_a_few_quoted_words_do_not_bear_out_what_is_said_around_them(written: str) -> None:
    answer = assistant(Writer(f"{GOOD} {written}")).ask(LEAVE)
    assert answer.corrections.misquoted == 0
    assert [one.supported for one in answer.sentences] == [True, False]
    assert answer.sentences[1].citations == ()


def test_what_nothing_supports_is_marked_in_the_language_of_the_sentence() -> None:
    answer = assistant(Writer(f"{GOOD} 펭귄은 팩스로 신청합니다.")).ask(LEAVE)
    assert answer.text.endswith("펭귄은 팩스로 신청합니다. (문서에서 확인되지 않음)")


def test_subscripts_and_lists_of_code_are_no_citations() -> None:
    text = [passage("a", "The smallest item of the heap is heap[0] and the list [1, 2, 3] is one.")]
    answer = assistant(Writer("The smallest item of the heap is heap[0] [1]."), text).ask("What is the smallest item?")
    assert answer.sentences[0].text == "The smallest item of the heap is heap[0]."
    assert answer.corrections.unresolved == 0


# -- refusing ---------------------------------------------------------------------------------------------------------


def test_weak_evidence_is_refused_without_asking_the_model() -> None:
    writer = Writer(GOOD)
    answer = assistant(writer).ask("Who painted the Mona Lisa?")
    assert (answer.outcome, answer.reason) == ("refused", "weak evidence")
    assert answer.text == "The documents do not answer this question."
    assert answer.evidence.strength < answer.evidence.threshold
    assert len(answer.sources) == 3
    assert writer.asked == []


def test_the_threshold_decides() -> None:
    question = "When may leave be asked for by penguins?"
    strength = assistant(Writer()).context(question).evidence.strength
    assert 0.0 < strength < 1.0
    assert assistant(Writer(GOOD), threshold=strength - 0.01).ask(question).outcome == "generated"
    assert assistant(Writer(GOOD), threshold=strength + 0.01).ask(question).refused


@pytest.mark.parametrize(
    "written",
    [
        "NO ANSWER",
        "No answer.",
        "The sources do not answer the question.",
        "The provided context does not mention annual leave.",
        "Unfortunately, the text doesn't say when leave is asked for.",
        "I don't know.",
        "I cannot find the answer in the sources.",
        "NO ANSWER.",
        "There is no information about this.",
        "제공된 문서에서 답을 찾을 수 없습니다.",
        "이 질문에는 답할 수 없습니다.",
        "문서에는 그런 정보가 없습니다.",
    ],
)
def test_a_model_that_says_that_it_cannot_tell_refuses(written: str) -> None:
    answer = assistant(Writer(written)).ask(LEAVE)
    assert (answer.outcome, answer.reason) == ("refused", "not in the sources")
    assert answer.citations == ()


@pytest.mark.parametrize(
    "written",
    [
        "Annual leave is not granted on the spot: it is asked for three days before it begins [1].",
        "The office does not say no: annual leave is asked for three days before it begins [1].",
    ],
)
def test_a_denial_that_is_an_answer_is_none(written: str) -> None:
    assert not assistant(Writer(written)).ask(LEAVE).refused


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("The document does not contain macros.", "Does the document contain macros?"),
        ("No answer is needed to the first letter.", "Is an answer to the first letter needed?"),
        ("환불 정보가 없으면 접수할 수 없습니다.", "환불 정보가 없으면 접수할 수 있나요?"),
        ("이용 시간을 알 수 없는 손님은 안내소에 물어봅니다.", "이용 시간을 알 수 없는 손님은 어디에 물어보나요?"),
    ],
)
def test_a_source_that_tells_of_something_missing_is_an_answer(text: str, question: str) -> None:
    answer = assistant(Writer(f"{text[:-1]} [1]."), [passage("a", text)]).ask(question)
    assert (answer.outcome, answer.text) == ("generated", f"{text} [1]")


def test_nothing_found_is_refused_with_its_reason() -> None:
    answer = assistant(Writer(GOOD), []).ask(LEAVE)
    assert (answer.reason, answer.sources) == ("no sources", ())


def test_a_korean_question_is_refused_in_korean() -> None:
    assert assistant(Writer(GOOD)).ask("모나리자는 누가 그렸나요?").text == "문서에서 이 질문의 답을 찾을 수 없습니다."


# -- sources ----------------------------------------------------------------------------------------------------------


def test_passages_that_repeat_another_are_dropped() -> None:
    twice = [*RULES, passage("copy", RULES[0].text, source="copy.md")]
    assert [one.name for one in assistant(Writer(), twice).context(LEAVE).sources] == ["leave.md", "trips.md", "gym.md"]


def test_the_text_around_a_chunk_is_given_and_cited_with_its_own_offsets() -> None:
    text = "Bats sleep by day. They hang from the roof. Owls sleep by day, too. They sit upright in trees."
    chunks = pieces_of(text, 19, 44, 68)
    writer = Writer("Bats sleep by day [1]. They hang from the roof [1].")
    answer = Assistant(Shelves(chunks), writer, settings=Settings(sources=1, threshold=0.3)).ask("When do bats sleep?")
    assert "They hang from the roof." in writer.asked[0][-1].content
    for citation in answer.citations:
        assert text[citation.start : citation.end] == citation.quote
    assert [one.quote for one in answer.citations] == ["Bats sleep by day.", "They hang from the roof."]
    assert [one.id for one in answer.citations] == ["file.md#0", "file.md#1"]


def test_a_citation_names_the_record_and_the_page_that_hold_its_text() -> None:
    text = "Bats sleep by day. They hang from the roof."
    whole = {"section_start": 0, "section_end": len(text), "source": "b"}
    chunks = [
        passage("b#0", text[:18], chunk=0, start=0, end=18, page=3, **whole),
        passage("b#1", text[19:], chunk=1, start=19, end=len(text), page=4, **whole),
    ]
    writer = Writer("Bats sleep by day [1]. They hang from the roof [1].")
    answer = Assistant(Shelves(chunks), writer, settings=Settings(sources=1, threshold=0.3)).ask("When do bats sleep?")
    assert [(one.number, one.id, one.page) for one in answer.citations] == [(1, "b#0", 3), (1, "b#1", 4)]


def test_neighbours_that_overlap_are_not_repeated() -> None:
    text = "One bird sings. Two birds sing. Three birds sing."
    whole = {"section_start": 0, "section_end": len(text), "source": "b"}
    chunks = [
        passage("b#0", text[:31], chunk=0, start=0, end=31, **whole),
        passage("b#1", text[16:], chunk=1, start=16, end=len(text), **whole),
    ]
    [source] = Assistant(Shelves(chunks), settings=Settings(sources=1)).context("How many birds sing?").sources
    assert [text[one.start : one.end] for one in source.segments] == [one.text for one in source.segments]
    assert "".join(one.text for one in source.segments) == text


def test_a_chunk_with_its_heading_is_cited_without_it() -> None:
    document = "# Pets\n\nCats sleep all day."
    chunk = passage("p#0", "Pets\nCats sleep all day.", source="p.md", heading="Pets", start=8, end=27, page=3)
    answer = assistant(Writer("Cats sleep all day [1]."), [chunk]).ask("When do cats sleep?")
    [citation] = answer.citations
    assert document[citation.start : citation.end] == citation.quote == "Cats sleep all day."
    assert (citation.page, citation.heading) == (3, "Pets")


def test_a_heading_without_text_is_no_source() -> None:
    chunk = passage("p#0", "Animals > Pets", source="p.md", heading="Animals > Pets", start=0, end=7)
    assert assistant(Writer(), [chunk]).context("Which pets?").sources == ()


def test_a_reranker_decides_which_passages_are_read() -> None:
    class Backwards:
        name = "backwards"

        def rerank(self, query: str, documents: list[str]):  # type: ignore[no-untyped-def]
            import numpy as np

            return np.asarray(["gym" in one.casefold() for one in documents], np.float32)

    made = Assistant(Shelf(RULES), Writer(), reranker=Backwards(), settings=Settings(sources=1))  # type: ignore[arg-type]
    assert [one.name for one in made.context(LEAVE).sources] == ["gym.md"]


# -- conversations ----------------------------------------------------------------------------------------------------

BEFORE = [ChatMessage("user", "When does the gym open?"), ChatMessage("assistant", "The gym opens at seven.")]


def test_a_follow_up_is_rewritten_by_the_model_before_the_search() -> None:
    shelf = Shelf(RULES)
    writer = Writer(
        lambda said: "When does the gym close?" if "Rewrite" in said[0].content else "It closes at nine [1]."
    )
    answer = Assistant(shelf, writer, settings=Settings(threshold=0.3)).ask("And when does it close?", history=BEFORE)
    assert shelf.queries == ["When does the gym close?"]
    assert answer.context.query == "When does the gym close?"
    assert [one.source for one in answer.citations] == ["gym.md"]


def test_a_question_that_stands_alone_is_searched_as_it_is() -> None:
    shelf = Shelf(RULES)
    Assistant(shelf, Writer(GOOD)).ask(LEAVE, history=BEFORE)
    assert shelf.queries == [LEAVE]


@pytest.mark.parametrize(
    ("question", "refers"),
    [
        ("And when does it close?", True),
        ("How about that?", True),
        ("Why?", True),
        ("Until when?", True),
        ("그것은 언제 닫나요?", True),
        ("What is the rule that the office has for trains abroad?", False),
        ("Is there a fee for two of the same trains?", False),
        ("Why are trains second class?", False),
        ("What is SequenceMatcher?", False),
        ("로그는 어느 폴더에 저장되나요?", False),
        ("디버그가 끝나면 무엇을 하나요?", False),
    ],
)
def test_only_a_question_that_refers_to_something_is_completed(question: str, refers: bool) -> None:
    shelf = Shelf(RULES)
    Assistant(shelf, settings=Settings(brief=True)).context(question, history=BEFORE)
    assert shelf.queries == [f"When does the gym open? {question}" if refers else question]


def test_completing_a_question_leaves_out_old_messages_that_the_model_cannot_take() -> None:
    long = [ChatMessage("user", "word " * 2_000), ChatMessage("assistant", "word " * 2_000)]
    writer = Writer(
        lambda said: "When does the gym close?" if "Rewrite" in said[0].content else "It closes at nine [1]."
    )
    made = Assistant(Shelf(RULES), writer, settings=Settings(threshold=0.3, max_tokens=64))
    writer.context_tokens = 1_000
    assert made.ask("And when does it close?", history=[*long, *BEFORE]).context.query == "When does the gym close?"
    assert "word" not in writer.asked[0][1].content
    assert "When does the gym open?" in writer.asked[0][1].content
    alone = made.ask("And when does it close?", history=long)
    assert alone.context.query.endswith("And when does it close?")


def test_the_tokens_of_completing_a_question_are_counted() -> None:
    writer = Writer(
        lambda said: "When does the gym close?" if "Rewrite" in said[0].content else "It closes at nine [1]."
    )
    made = Assistant(Shelf(RULES), writer, settings=Settings(threshold=0.3))
    assert made.ask("When does the gym close?").usage == Usage(10, 5)
    assert made.ask("And when does it close?", history=BEFORE).usage == Usage(20, 10)
    refused = Assistant(Shelf([]), writer).ask("And when does it close?", history=BEFORE)
    assert (refused.refused, refused.usage) == (True, Usage(10, 5))


def test_without_turns_nothing_is_remembered() -> None:
    shelf = Shelf(RULES)
    writer = Writer(GOOD)
    Assistant(shelf, writer, settings=Settings(turns=0, threshold=0.1)).ask("And when does it close?", history=BEFORE)
    assert shelf.queries == ["And when does it close?"]
    assert [one.role for one in writer.asked[-1]] == ["system", "user"]


def test_a_tiny_model_is_not_asked_to_rewrite() -> None:
    shelf = Shelf(RULES)
    made = Assistant(shelf, Writer(""), settings=Settings(brief=True, threshold=0.3))
    answer = made.ask("And when does it close?", history=BEFORE)
    assert shelf.queries == ["When does the gym open? And when does it close?"]
    assert [one.source for one in answer.citations] == ["gym.md"]


# -- limits and failures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["", "   \n"])
def test_an_empty_question_is_refused_before_anything_is_searched(question: str) -> None:
    shelf = Shelf(RULES)
    with pytest.raises(InvalidRequestError, match="the question is empty"):
        Assistant(shelf, Writer()).ask(question)
    assert shelf.queries == []


def test_a_question_that_was_decoded_wrongly_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="the question is not valid Unicode"):
        assistant(Writer()).ask(b"caf\xe9".decode("utf-8", "surrogateescape"))


def test_a_question_of_a_megabyte_is_refused_with_the_limit() -> None:
    with pytest.raises(InvalidRequestError, match=f"1,000,000 characters, over {MAXIMUM_QUESTION:,}"):
        assistant(Writer()).ask("a" * 1_000_000)


def test_sources_that_do_not_fit_are_left_out_from_the_last_on() -> None:
    long = [passage(f"p{n}", f"Leave number {n} is asked for early. " + f"Filler {n} goes on. " * 60) for n in range(4)]
    writer = Writer("Leave number 0 is asked for early [1].", context_tokens=1_200)
    made = Assistant(Shelf(long), writer, settings=Settings(max_tokens=64, threshold=0.3))
    answer = made.ask("When is leave number 0 asked for?")
    sent = sum(writer.count_tokens(one.content) for one in writer.asked[0])
    assert sent + 64 <= 1_200
    assert "<<end" in writer.asked[0][-1].content
    assert 1 <= writer.asked[0][-1].content.count("<<end") < 4
    assert {one.number for one in answer.citations} == {1}


def test_history_is_forgotten_before_sources_are() -> None:
    history = [ChatMessage("user", "word " * 500), ChatMessage("assistant", "word " * 500)]
    writer = Writer(GOOD, context_tokens=1_000)
    assert Assistant(Shelf(RULES), writer, settings=Settings(max_tokens=64)).ask(LEAVE, history=history).citations
    assert [one.role for one in writer.asked[-1]] == ["system", "user"]
    assert writer.asked[-1][-1].content.count("<<end") == 3


def test_a_question_that_cannot_fit_names_both_numbers() -> None:
    with pytest.raises(ContextOverflowError, match="takes 100"):
        assistant(Writer(GOOD, context_tokens=100)).ask(LEAVE)


def test_an_error_of_the_model_reaches_the_caller_and_no_answer_is_given() -> None:
    writer = Writer("Annual leave is asked for three days before it begins [1]. The off", ModelUnavailableError("gone"))
    stream = assistant(writer).stream(LEAVE)
    assert next(stream).text == "Annual leave is asked for three days before it begins."
    with pytest.raises(ModelUnavailableError, match="gone"):
        next(stream)
    with pytest.raises(FailedPreconditionError, match="not complete"):
        stream.answer  # noqa: B018
    assert writer.given[-1].closed


def test_a_sentence_that_was_cut_off_at_the_limit_is_left_out() -> None:
    answer = assistant(Writer(f"{GOOD} The office grants it, but", reason="length")).ask(LEAVE)
    assert answer.text == "Annual leave is asked for three days before it begins. [1]"
    assert answer.finish_reason == "length"


def test_closing_the_stream_closes_the_generation() -> None:
    writer = Writer(f"{GOOD} The office grants it [1]. " * 5)
    stream = assistant(writer).stream(LEAVE)
    next(stream)
    stream.close()
    assert writer.given[-1].closed
    assert list(stream) == []


def test_usage_and_times_are_told() -> None:
    answer = assistant(Writer(GOOD)).ask(LEAVE)
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (10, 5)
    assert set(answer.milliseconds) == {"condense", "retrieve", "judge", "widen", "generate"}


def test_without_a_generator_only_the_context_can_be_had() -> None:
    made = Assistant(Shelf(RULES))
    assert made.context(LEAVE).evidence.enough
    with pytest.raises(FailedPreconditionError, match="no generator"):
        made.ask(LEAVE)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"top_k": 0}, "top_k"),
        ({"sources": True}, "sources"),
        ({"max_tokens": 3}, "max_tokens"),
        ({"threshold": 1.5}, "threshold"),
        ({"turns": -1}, "turns"),
        ({"sentences": 0}, "sentences"),
    ],
)
def test_settings_outside_their_limits_are_refused(setting: dict[str, float], told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        Settings(**setting)  # type: ignore[arg-type]


# -- tiny models ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("Annual leave is asked for three days before it begins.", "generated"),
        ("Annual leave is not asked for three days before it begins.", "quoted"),
        ("Annual leave is asked for.", "quoted"),
        ("Annual leave is asked for four days before it begins.", "quoted"),
        ("Trips abroad need the consent of the treasurer.", "quoted"),
    ],
)
def test_what_a_tiny_model_writes_counts_only_if_it_says_what_the_best_sentence_says(
    written: str, outcome: str
) -> None:
    answer = assistant(Writer(written), brief=True).ask(LEAVE)
    assert answer.outcome == outcome
    assert answer.citations[0].quote == "Annual leave is asked for three days before it begins."


def test_a_tiny_model_reads_three_sentences_and_is_stopped_after_one() -> None:
    writer = Writer("Annual leave is asked for three days before it begins. And so on. And on.")
    answer = assistant(writer, brief=True).ask(LEAVE)
    assert len(answer.sentences) == 1
    assert sum(text in writer.asked[0][-1].content for one in RULES for text in one.text.split(". ")) <= 3
    assert answer.finish_reason == "cancelled"


def test_a_model_that_did_not_learn_korean_is_not_asked_in_korean() -> None:
    writer = Writer("Annual leave is asked for three days before it begins.")
    text = [*RULES, passage("k", "연차 휴가는 사흘 전까지 신청합니다.", source="k.md")]
    made = assistant(writer, text, brief=True, writes_korean=False)
    answer = made.ask("연차 휴가는 언제까지 신청하나요?")
    assert (answer.outcome, answer.text) == ("quoted", "“연차 휴가는 사흘 전까지 신청합니다.” [1]")
    assert (writer.asked, answer.usage, answer.corrections.unsupported) == ([], None, 0)
    assert made.ask(LEAVE).outcome == "generated"


# -- claims -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["Leave is granted by the gym [1].", "Yes, leave is granted by the gym [1]."])
def test_the_words_of_the_question_alone_support_nothing(written: str) -> None:
    answer = assistant(Writer(written), threshold=0.1).ask("Is leave granted by the gym that is open in the evening?")
    assert written[:-5] not in answer.text


def test_threads_share_an_assistant() -> None:
    passages = [passage(f"p{n}", f"Room {n} holds {n + 500} guests.", source=f"{n}.md") for n in range(12)]

    def said(messages: object) -> str:
        number = re.findall(r"Question: How many guests does room (\d+) hold", messages[-1].content)[-1]  # type: ignore[index]
        return f"Room {number} holds {int(number) + 500} guests [1]."

    made = Assistant(Shelf(passages), Writer(said))  # type: ignore[arg-type]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: made.ask(f"How many guests does room {n % 12} hold?"), range(60)))
    for n, answer in enumerate(answers):
        assert answer.text == f"Room {n % 12} holds {n % 12 + 500} guests. [1]"
        assert [one.source for one in answer.citations] == [f"{n % 12}.md"]
