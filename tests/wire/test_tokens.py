"""Page tokens: they come back as the key they stand for, and nothing else is taken for one."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinyon.errors import InvalidRequestError
from pinyon.wire.tokens import last_of, token_of


@given(st.text())
def test_a_token_gives_back_its_key(last: str) -> None:
    assert last_of(token_of(last)) == last


@given(st.text())
def test_a_token_is_never_empty_and_fits_into_a_url(last: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+={0,2}", token_of(last))


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_token_means_the_first_page(nothing: str | None) -> None:
    assert last_of(nothing) is None


def test_the_default_namespace_has_a_token_of_its_own() -> None:
    assert last_of(token_of("")) == ""


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "abc",
        "not a token",
        "é",
        "cDE6\n",
        urlsafe_b64encode(b"p2:later").decode(),
        urlsafe_b64encode(b"p1:\xff\xfe").decode(),
        urlsafe_b64encode(b"p1:key").decode() + "*",
        "\0",
    ],
)
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequestError, match="pagination token"):
        last_of(token)


@given(st.text(max_size=60))
def test_arbitrary_text_is_a_token_or_is_refused(text: str) -> None:
    with suppress(InvalidRequestError):
        last_of(text)
