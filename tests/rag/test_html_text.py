"""HTML gives the text that a reader of the page would see, with its structure."""

from __future__ import annotations

import pytest

from pinyon.rag.documents import parse


def read(source: str) -> tuple[str, dict[str, int]]:
    found = parse(source.encode(), "page.html", suffix=".html")
    return found.text, dict(found.hidden)


def test_headings_lists_tables_and_code_become_markdown() -> None:
    text, _ = read(
        "<title>T</title><h1>Cats <em>big</em></h1><p>They   sleep<br>all day.<ul><li>one<li>two</ul>"
        "<table><tr><th>a<th>b<tr><td>1<td>x | y</table><pre>def f():\n    # no heading\n</pre><h2>End</h2>"
    )
    assert text == (
        "# Cats big\n\nThey sleep\nall day.\n\n- one\n- two\n\n| a | b |\n| 1 | x \\| y |\n\n"
        "```\ndef f():\n    # no heading\n```\n\n## End"
    )


HIDDEN = {
    "display:none": '<div style="display: none">ghost <b>words</b></div>',
    "visibility:hidden": '<span style="VISIBILITY:hidden">ghost words</span>',
    "font-size:0": '<p style="font-size:0px">ghost words</p>',
    "opacity:0": '<p style="opacity:0.0">ghost words</p>',
    "outside the page": '<p style="position:absolute; left:-9999px">ghost words</p>',
    "text in the color of its background": '<p style="color:#FFF">ghost words</p>',
    "transparent text": '<p style="color:transparent">ghost words</p>',
    "hidden attribute": "<p hidden>ghost words</p>",
    "aria-hidden": '<p aria-hidden="true">ghost words</p>',
    "comment": "<!-- ghost words-->",
}


@pytest.mark.parametrize(("kind", "source"), HIDDEN.items(), ids=HIDDEN)
def test_hidden_text_is_left_out_and_counted(kind: str, source: str) -> None:
    text, hidden = read(f"<p>seen</p>{source}<p>also seen</p>")
    assert text == "seen\n\nalso seen"
    assert hidden == {kind: 10 if kind == "display:none" else 11}


def test_a_rule_of_the_pages_own_style_sheet_hides_too() -> None:
    source = "<style>.x, #y { display:none } b { color: red }</style><p class='a x'>one</p><p id=y>two</p><b>three</b>"
    assert read(source) == ("three", {"display:none": 6})


@pytest.mark.parametrize(
    "source",
    [
        '<body style="background:#000"><p style="color:white">light on dark</p>',
        '<link rel="stylesheet" href="a.css"><p style="color:white">light on dark</p>',
        '<table bgcolor="navy"><tr><td><p style="color:#ffffff">light on dark</p></td></tr></table>',
        '<p style="font-size:10px">light on dark</p>',
        '<p style="opacity:0.9; visibility:visible; display:block">light on dark</p>',
    ],
)
def test_text_that_can_be_seen_stays(source: str) -> None:
    assert read(source) == ("light on dark", {})


def test_an_element_that_is_never_closed_hides_no_more_than_the_page_shows() -> None:
    assert read("<p style='display:none'>ghost<p>seen") == ("seen", {"display:none": 5})


def test_scripts_and_styles_are_no_text_and_not_counted() -> None:
    assert read("<p>a</p><script>var x = '<p>b</p>'</script><style>p{}</style><noscript>c</noscript>") == ("a", {})


def test_a_paragraph_that_begins_like_a_heading_is_none() -> None:
    assert read("<p># not a heading</p>") == ("\\# not a heading", {})
