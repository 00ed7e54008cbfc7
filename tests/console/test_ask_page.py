"""Assistants in the browser: files in, answers out, and every number leads to the sentence that it stands for."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from console.browsing import Visit, visit
from console.hostile import STRANGE, TEXTS
from pinyon.rag.formats import FORMATS, RECORD_SUFFIXES
from sdk.places import Serving, environment

KINDS = Path(__file__).parents[2] / "console" / "src" / "pages" / "ask" / "kinds.ts"
KOREAN = "한 송이에는 잣이 몇 개 들어 있습니까?"
SENTENCE = "한 송이에는 잣이 백 개쯤 들어 있습니다."
UNANSWERED = "Which logging handler writes to Kafka?"
CHAT = re.compile(r"/assistant/chat/[^/]+$")


class Api:
    """The same server as programs see it: what somebody else does meanwhile."""

    def __init__(self, server: Serving) -> None:
        headers = {"Api-Key": server.key, "X-Pinecone-Api-Version": "2025-10"}
        self.http = httpx.Client(base_url=server.url, headers=headers, timeout=60)

    def create(self, name: str) -> str:
        self.http.post("/assistant/assistants", json={"name": name}).raise_for_status()
        return name

    def delete(self, name: str) -> None:
        self.http.delete(f"/assistant/assistants/{name}")


@pytest.fixture
def api(server: Serving, loopback: None) -> Iterator[Api]:
    made = Api(server)
    yield made
    made.http.close()


@pytest.fixture
def shelf(api: Api) -> Iterator[str]:
    """A new assistant without files."""
    yield api.create("shelf")
    api.delete("shelf")


def text(name: str, content: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": content.encode()}


def upload(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Choose files…").set_input_files(list(files))


def ask(page: Page, question: str) -> None:
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Enter")


def test_a_file_is_uploaded_and_asked_and_its_assistant_deleted(visitor: Visit, api: Api) -> None:
    page = visitor.go("/ask")
    page.get_by_role("button", name="Create an assistant").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Not A Name")
    dialog.get_by_label("Instructions").fill("Be brief.")
    dialog.get_by_role("button", name="Create an assistant").click()
    expect(dialog).to_contain_text("Use lower-case letters")
    dialog.get_by_label("Name").fill("library")
    dialog.get_by_role("button", name="Create an assistant").click()
    expect(dialog.get_by_role("alert")).to_contain_text("already exists")
    expect(dialog.get_by_label("Instructions")).to_have_value("Be brief.")
    dialog.get_by_label("Name").fill("cones")
    dialog.get_by_role("button", name="Create an assistant").click()

    page.get_by_role("link", name="Upload files").click()
    page.locator("summary", has_text="Metadata of the files").click()
    page.get_by_label("Metadata of the files that come next").fill('{"kind": "trees"}')
    upload(page, text("잣나무.md", f"# 잣나무\n\n{SENTENCE}\n"))
    row = page.get_by_role("row").filter(has_text="잣나무.md")
    expect(row).to_contain_text("Available")
    expect(row).to_contain_text("kind: trees")
    page.get_by_role("link", name="Chat").click()
    ask(page, KOREAN)
    expect(page.locator(".said")).to_contain_text(SENTENCE)

    page.get_by_role("link", name="About").click()
    page.get_by_role("button", name="Delete…").click()
    confirm = page.get_by_role("dialog")
    expect(confirm).to_contain_text("(1, 69 B)")
    expect(confirm.get_by_role("button", name="Delete")).to_be_disabled()
    confirm.get_by_label("Type cones to confirm").fill("cones")
    confirm.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Assistants")
    assert api.http.get("/assistant/assistants/cones").status_code in (200, 404), "it says goodbye for a moment"
    expect(page.get_by_role("link", name="cones")).to_have_count(0)


def test_a_number_opens_the_passage_with_the_sentence_marked(visitor: Visit) -> None:
    page = visitor.go("/ask/library")
    ask(page, KOREAN)
    mark = page.get_by_role("button", name="Source 1: pinyon.md")
    mark.click()
    panel = page.get_by_role("complementary", name="Source 1")
    expect(panel.locator("mark")).to_have_text(SENTENCE)
    expect(panel).to_contain_text("잣나무는 가을에 잣송이를 맺습니다.")
    expect(panel).to_contain_text("score")
    expect(panel.get_by_role("heading", name="Source 1")).to_be_focused()
    visitor.check_accessible()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(mark).to_be_focused()


@pytest.mark.nightly
def test_an_english_answer_shows_who_wrote_it_and_what_it_took(visitor: Visit) -> None:
    page = visitor.go("/ask/library")
    ask(page, "How many seeds may one jay hide in a single autumn?")
    answer = page.locator(".answer")
    expect(answer).to_contain_text("2,600 seeds")
    expect(answer.locator("footer")).to_contain_text(re.compile(r"smollm2 · \d+ tokens read, \d+ written"))
    page.get_by_role("button", name="Code").click()
    expect(answer.locator("pre")).to_contain_text("curl -sS -N")
    page.get_by_role("tab", name="OpenAI client").click()
    expect(answer.locator("pre")).to_contain_text('model="assistant/library"')


def test_what_the_files_do_not_answer_is_a_refusal_with_what_comes_nearest(visitor: Visit) -> None:
    page = visitor.go("/ask/library")
    ask(page, UNANSWERED)
    expect(page.locator(".answer")).to_contain_text("Refused")
    expect(page.locator(".cite")).to_have_count(0)
    page.get_by_role("button", name="What was found").click()
    found = page.get_by_role("complementary", name="What was found")
    expect(found.locator(".passage")).to_have_count(4)


def test_a_conversation_is_kept_in_the_tab_until_it_is_cleared(visitor: Visit) -> None:
    page = visitor.go("/ask/library")
    ask(page, UNANSWERED)
    expect(page.locator(".answer footer")).to_be_visible()
    page.get_by_label("Question", exact=True).fill("half a thou")
    page = visitor.go("/ask/library")
    expect(page.get_by_role("log")).to_contain_text(UNANSWERED)
    expect(page.get_by_label("Question", exact=True)).to_have_value("half a thou")
    page.get_by_role("button", name="Clear the conversation").click()
    page.get_by_role("dialog").get_by_role("button", name="Clear the conversation").click()
    expect(page.get_by_role("log")).to_have_text("")


def test_an_answer_can_be_stopped_and_asked_for_again(visitor: Visit) -> None:
    page = visitor.go("/ask/library")
    held: list[Route] = []
    page.route(CHAT, lambda route: held.append(route))
    ask(page, KOREAN)
    page.get_by_role("log").get_by_role("button", name="Stop").click()
    expect(page.locator(".answer")).to_contain_text("Stopped")
    page.unroute(CHAT)
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".said")).to_contain_text(SENTENCE)
    assert len(held) == 1


def test_what_came_before_the_server_was_gone_stands_and_nothing_typed_is_lost(visitor: Visit) -> None:
    page = visitor.go("/ask/library")
    events = [
        {"type": "message_start", "model": "smollm2", "context_snippet_count": 1},
        {"type": "content_chunk", "delta": {"content": "A jay hides **many** seeds."}},
    ]
    cut = "".join(f"data:{json.dumps(event)}\n\n" for event in events) + 'data:{"type":"cita'
    page.route(CHAT, lambda route: route.fulfill(body=cut, content_type="text/event-stream"))
    ask(page, KOREAN)
    expect(page.locator(".said")).to_have_text("A jay hides many seeds.")
    expect(page.locator(".answer").get_by_role("alert")).to_contain_text("Broke off")
    page.unroute(CHAT)

    page.route(CHAT, lambda route: route.abort())
    ask(page, "Is anybody there?")
    problem = page.get_by_role("alert").last
    expect(problem).to_contain_text("The server does not answer")
    expect(page.get_by_role("log")).to_contain_text("Is anybody there?")
    page.unroute(CHAT)
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator(".answer").last.locator("footer")).to_be_visible()


def test_a_key_that_is_gone_is_asked_for_in_the_middle_of_a_chat(visitor: Visit, server: Serving) -> None:
    page = visitor.go("/ask/library")
    page.get_by_role("button", name="Forget key").click()
    ask(page, KOREAN)
    page.get_by_label("API key", exact=True).fill(server.key)
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator(".said")).to_contain_text(SENTENCE)


def test_an_assistant_that_somebody_else_deleted_leaves_the_conversation(visitor: Visit, api: Api) -> None:
    name = api.create("fleeting")
    page = visitor.go(f"/ask/{name}")
    page.get_by_label("Question", exact=True).fill("Where did you go?")
    api.delete(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("not found")
    expect(page.get_by_role("log")).to_contain_text("Where did you go?")
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Question", exact=True)).to_have_value("Where did you go?")


def test_a_file_that_cannot_be_read_says_why(visitor: Visit, shelf: str) -> None:
    page = visitor.go(f"/ask/{shelf}?tab=files")
    upload(page, text("sheet.xlsx", "PK\3\4"), text("broken.pdf", "%PDF-1.4 no more"))
    uploads = page.get_by_role("list", name="Uploads")
    expect(uploads).to_contain_text("save it as .csv")
    broken = page.get_by_role("row").filter(has_text="broken.pdf")
    expect(broken).to_contain_text("ProcessingFailed")
    expect(broken.locator(".reason")).not_to_be_empty()
    uploads.get_by_role("button", name="Send anyway").click()
    sheet = page.get_by_role("row").filter(has_text="sheet.xlsx")
    expect(sheet).to_contain_text("ProcessingFailed")
    visitor.check_accessible()


def test_a_file_that_is_too_large_is_refused_with_its_size_before_and_with_the_servers_words_after(
    visitor: Visit, shelf: str
) -> None:
    known = {"settings": [{"name": "requests.file_bytes", "value": 1_000}]}
    visitor.page.route("**/pinyon/settings", lambda route: route.fulfill(json=known))
    page = visitor.go(f"/ask/{shelf}?tab=files")
    upload(page, text("long.txt", "long " * 1_000))
    uploads = page.get_by_role("list", name="Uploads")
    expect(uploads).to_contain_text("4.9 KiB")
    expect(uploads).to_contain_text("1,000 B a file at most")
    told = {"status": 413, "error": {"code": "INVALID_ARGUMENT", "message": "The body has 9 bytes, and at most 8"}}
    page.route("**/assistant/files/*", lambda route: route.fulfill(status=413, json=told))
    upload(page, text("short.txt", "short"))
    expect(uploads).to_contain_text("The body has 9 bytes, and at most 8")
    page.unroute("**/assistant/files/*")
    uploads.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("row").filter(has_text="short.txt")).to_contain_text("Available")


def test_files_are_dropped_filtered_changed_and_deleted(visitor: Visit, shelf: str, api: Api) -> None:
    page = visitor.go(f"/ask/{shelf}?tab=files")
    dropped = page.evaluate_handle(
        "() => { const all = new DataTransfer();"
        "for (const n of ['one', 'two', 'three']) all.items.add(new File([`The ${n} file.`], `${n}.txt`)); return all }"
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": dropped})
    expect(page.get_by_role("row").filter(has_text="Available")).to_have_count(3)

    page.get_by_role("button", name="Metadata… two.txt").click()
    page.get_by_role("dialog").get_by_label("Metadata (JSON)").fill('{"part": 2}')
    page.get_by_role("button", name="Replace with this metadata").click()
    page.get_by_role("button", name="part: 2").click()
    expect(page.get_by_role("row").filter(has_text=".txt")).to_have_count(1)
    expect(page).to_have_url(re.compile("files="))
    expect(page.get_by_role("row").filter(has_text="two.txt")).to_contain_text("Available")
    page.get_by_role("button", name="Show all").click()

    page.get_by_role("checkbox", name="Choose one.txt").check()
    page.get_by_role("checkbox", name="Choose three.txt").check()
    page.get_by_role("button", name="Delete 2 files…").click()
    expect(page.get_by_role("dialog")).to_contain_text("three.txt")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("row").filter(has_text=".txt")).to_have_count(1)
    left = api.http.get(f"/assistant/files/{shelf}").json()["files"]
    assert [(file["name"], file["metadata"]) for file in left] == [("two.txt", {"part": 2})]


def test_hostile_names_and_texts_are_texts(visitor: Visit, shelf: str) -> None:
    page = visitor.go(f"/ask/{shelf}?tab=files")
    page.on("dialog", lambda _: pytest.fail("a text opened a dialog"))
    names = [re.sub(r"[/\\\u200b\u202c\u202e]", " ", one)[:200] for one in (*TEXTS, *STRANGE)]
    upload(page, *(text(f"{at} {one}.txt", f"What {at} says: {one}") for at, one in enumerate(names)))
    expect(page.get_by_role("list", name="Uploads").get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("list", name="Uploads")).to_contain_text("invisible ones: rename it")
    expect(page.get_by_role("row").filter(has_text="Available")).to_have_count(len(names) - 1, timeout=60_000)
    expect(page.get_by_role("row").filter(has_text=f"0 {names[0]}")).to_be_visible()
    page = visitor.go(f"/ask/{shelf}?tab=passages&q=says+script&q.topK=64")
    expect(page.locator(".passage")).not_to_have_count(0)
    expect(page.get_by_text(names[0]).first).to_be_visible()
    page = visitor.go(f"/ask/{shelf}")
    said = "".join(f"- {one}\n- [x](javascript:{one})\n- `{one}` **{one}**\n" for one in TEXTS)
    body = "".join(
        f"data:{json.dumps(event)}\n\n"
        for event in (
            {"type": "message_start", "model": TEXTS[0], "context_snippet_count": 1},
            {"type": "content_chunk", "delta": {"content": said}},
            {"type": "message_end", "model": "", "finish_reason": "stop", "usage": {"total_tokens": 0}},
        )
    )
    page.route(CHAT, lambda route: route.fulfill(body=body, content_type="text/event-stream"))
    ask(page, TEXTS[1])
    expect(page.locator(".said")).to_contain_text(TEXTS[0])
    assert page.locator(".said").locator("a, img, script, svg, iframe, style").count() == 0
    assert not visitor.harmed()


@pytest.mark.nightly
def test_two_settings_are_compared_side_by_side_and_stand_in_the_address(visitor: Visit) -> None:
    page = visitor.go("/ask/library")
    page.get_by_text("How answers are made").click()
    page.get_by_label("Compare two settings side by side").check()
    other = page.get_by_role("group", name="Setting B")
    other.get_by_label("Passages (top_k)").fill("99")
    expect(other).to_contain_text("Use 1 to 64.")
    ask(page, KOREAN)
    expect(page.get_by_label("Question", exact=True)).to_have_value(KOREAN)
    other.get_by_label("Passages (top_k)").fill("2")
    other.get_by_label("Model").select_option("smollm2")
    other.get_by_label("Answer as JSON").check()
    ask(page, KOREAN)
    expect(page.locator(".answer")).to_have_count(2)
    expect(page.locator(".said").nth(0)).to_contain_text(SENTENCE)
    expect(page.locator(".said").nth(1)).to_contain_text('{"answer":')
    assert "topK.2=2" in page.url
    visitor.check_accessible()


def test_a_server_without_a_writing_model_still_quotes(visitor: Visit) -> None:
    page = visitor.go("/ask/library")
    message = "This server has no model that writes, so it can find snippets (POST .../context) but not answer."
    told = {"status": 412, "error": {"code": "FAILED_PRECONDITION", "message": message}}
    page.route(CHAT, lambda route: route.fulfill(status=412, json=told))
    ask(page, "seeds in autumn")
    answer = page.locator(".answer")
    expect(answer).to_contain_text("no model that writes")
    expect(answer.locator(".passage").first).to_contain_text("2,600")


def test_the_passages_of_a_question_are_found_with_their_scores(visitor: Visit) -> None:
    page = visitor.go("/ask/library?tab=passages")
    page.get_by_label("Question or words").fill("seeds in autumn")
    page.keyboard.press("Enter")
    first = page.locator(".passage").first
    expect(first).to_contain_text("2,600")
    expect(first).to_contain_text("score 0.")
    expect(first.locator("mark").first).to_have_text("seeds")
    assert "q=seeds" in page.url
    visitor.check_accessible()


@pytest.mark.parametrize(
    "tab", ["chat", "files", *(pytest.param(tab, marks=pytest.mark.nightly) for tab in ("passages&q=seeds", "about"))]
)
def test_it_fits_a_phone(browser: Browser, server: Serving, tab: str) -> None:
    with visit(browser, server.url, server.key, width=360, language="ko", theme="dark") as visitor:
        page = visitor.go(f"/ask/library?tab={tab}")
        if tab == "chat":
            page.get_by_label("질문", exact=True).fill(KOREAN)
            page.keyboard.press("Enter")
            page.locator(".cite").first.click()
            expect(page.locator(".source-panel mark")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert visitor.violations() == []


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("tab", "sdk"), [("curl", ""), ("Python SDK 9, 10", "sdk10"), ("Python SDK 7 + plugin", "sdk7")]
)
def test_the_code_of_a_question_asks_it(visitor: Visit, server: Serving, loopback: None, tab: str, sdk: str) -> None:
    python = str(environment(sdk)) if sdk else ""
    page = visitor.go("/ask/library?topK=3")
    ask(page, KOREAN)
    page.locator(".answer footer").get_by_role("button", name="Code").click()
    page.get_by_role("tab", name=tab).click()
    code = page.locator(".answer .code pre").inner_text()
    command = [python, "-c", code] if python else ["sh", "-c", code]
    variables = {**os.environ, "PINECONE_API_KEY": server.key}
    said = subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=120)
    assert SENTENCE in said.stdout, said


def test_the_console_knows_the_same_kinds_of_files_as_the_parsers() -> None:
    table = KINDS.read_text(encoding="utf-8").partition("READ = `")[2].partition("`")[0].split()
    known = {suffix.removeprefix(".") for one in FORMATS for suffix in one.suffixes}
    assert set(table) == known
    assert {suffix.removeprefix(".") for suffix in RECORD_SUFFIXES} - set(table) == {"npy", "parquet"}
