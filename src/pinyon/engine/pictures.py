"""Pictures of callers: bytes, base64, paths, addresses; and texts and pictures as vectors of one space."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from hashlib import sha256
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal

import numpy as np

from pinyon.distance import prepare
from pinyon.errors import InvalidRequestError
from pinyon.types import Embedder, Floats, ModelInput, Models, PictureEmbedder

LARGEST_FILE: Final = 100_000_000
"""Bytes of a picture's file, at most; and of all that are fetched for one request."""
LONGEST_WAIT: Final = 60.0
"""Seconds after which no further picture is fetched for a request: its thread waits meanwhile."""
AT_ONCE: Final = 16
"""Pictures that are decoded and embedded together: at 1,024 x 1,024 pixels, 50 MB."""

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_WEB: Final = ("http:", "https:")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SPACE: Final = str.maketrans("", "", " \t\r\n")


# -- files ------------------------------------------------------------------------------------------------------------


class Fetched:
    """The pictures of one request that were on addresses: each is fetched once, also where the work on the request is
    done again. Together they may have LARGEST_FILE bytes, as they are held in memory, and take LONGEST_WAIT."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._files: dict[str, bytes] = {}
        self._waited = 0.0

    def file(self, url: str, where: str) -> bytes:
        """Raises InvalidRequestError; for every address where ``models`` fetch none, since a server that fetches what
        clients name can be made to read its own network."""
        if url not in self._files:
            self._files[url] = self._fetch(url, where)
        return self._files[url]

    def _fetch(self, url: str, where: str) -> bytes:
        if self._waited >= LONGEST_WAIT:
            raise InvalidRequestError(
                f"{where}: the pictures before it took {self._waited:.0f} s to fetch, and after {LONGEST_WAIT:g} s no "
                "more are fetched for one request. Send fewer at once, or their bytes."
            )
        started = monotonic()
        data = self._models.fetch_picture(url, where)
        self._waited += monotonic() - started
        if data is None:
            raise InvalidRequestError(
                f"{where}: {url.partition('?')[0][:100]!r} is an address, and none is fetched: a server that fetches "
                "what clients name can be made to read its own network. Fetch the picture yourself and send its bytes, "
                "as base64 or a data URL. Whoever runs a server may name origins to fetch from: --picture-origin."
            )
        together = sum(map(len, self._files.values())) + len(data)
        if together > LARGEST_FILE:
            raise InvalidRequestError(
                f"{where}: with it, the pictures on addresses of this request have {together:,} bytes; at most "
                f"{LARGEST_FILE:,} are fetched for one request. Send them in several."
            )
        return data


def picture_file(image: Any, where: str, fetched: Fetched) -> bytes:
    """The bytes of a picture: as they are, of their base64, of a data URL, of the file at a path, or of one at an
    address of the web.

    where: what is looked at, for messages. Raises InvalidRequestError.
    """
    if isinstance(image, str) and _scheme(image) in _WEB:
        data = fetched.file(image, where)
    elif isinstance(image, str):
        data = _decoded(image, where)
    elif isinstance(image, (bytes, bytearray, memoryview)):
        data = bytes(image)
    elif isinstance(image, PathLike):
        data = _read(Path(image), where)
    else:
        raise InvalidRequestError(
            f"{where} must be a picture: the bytes of its file, their base64 as text, a data URL, or a pathlib.Path; "
            f"got {type(image).__name__} {image!r:.60}."
        )
    if not data:
        raise InvalidRequestError(f"{where} is a picture of 0 bytes. Send the whole file.")
    if len(data) > LARGEST_FILE:
        raise _too_large(where, len(data))
    return data


def is_digest(value: object) -> bool:
    """Whether it is what a record keeps of its picture."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def digest_of(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


def _decoded(text: str, where: str) -> bytes:
    scheme = _scheme(text)
    if scheme == "data:":
        text = _payload(text, where)
    elif scheme:
        raise _no_base64(text, where)
    try:
        return b64decode(text.translate(_SPACE), validate=True)
    except ValueError as error:
        raise InvalidRequestError(
            f"{where} is no base64 ({error}): got {text[:40]!r}. Send the bytes of the picture's file as base64, or a "
            "data URL, data:image/png;base64,..."
        ) from None


def _scheme(text: str) -> str:
    """With its colon; "" without one."""
    found = _SCHEME.match(text[:40])
    return "" if found is None else found.group().lower()


def _payload(url: str, where: str) -> str:
    head, comma, payload = url.partition(",")
    kind, *parameters = head[len("data:") :].lower().split(";")
    if not comma or "base64" not in parameters:
        raise InvalidRequestError(f"{where}: the data URL {url[:60]!r} is not of the form data:image/png;base64,...")
    if not kind.startswith("image/"):
        raise InvalidRequestError(
            f"{where}: a data URL of the type {kind[:60]!r} is no picture. It must begin with data:image/."
        )
    return payload


def _no_base64(text: str, where: str) -> InvalidRequestError:
    if is_digest(text):
        return InvalidRequestError(
            f"{where} is the digest of a picture, which is all that is kept of it: {text}. Send the picture again."
        )
    return InvalidRequestError(f"{where}: {text[:60]!r} is no picture. Send the bytes of its file as base64.")


def _read(path: Path, where: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise _too_large(f"{where} ({path})", size)
        return path.read_bytes()
    except OSError as error:
        raise InvalidRequestError(f"{where}: {path} cannot be read: {error.strerror or error}.") from None


def _too_large(where: str, size: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"{where} is a picture of {size:,} bytes; at most {LARGEST_FILE:,} are read. Make it smaller first."
    )


# -- vectors ----------------------------------------------------------------------------------------------------------


def embed_inputs(
    models: Models,
    embedder: Embedder,
    inputs: Sequence[ModelInput],
    named: Callable[[int], str],
    *,
    input_type: Literal["query", "passage"] = "passage",
    fetched: Fetched | None = None,
) -> Floats:
    """(n,) inputs -> (n, d) float32. Of an input with both, the normalised mean of the unit vectors of its text and of
    its picture: both count the same, however long the model makes either.

    named: what an input is called in messages. fetched: of the request, where more than this call is done for it.
    Raises InvalidRequestError: for a picture where the model takes texts only, and for one that cannot be read.
    """
    written = [row for row, one in enumerate(inputs) if one.text is not None]
    shown = [row for row, one in enumerate(inputs) if one.image is not None]
    if not shown:
        return embedder.embed([one.text or "" for one in inputs], input_type=input_type)
    if not isinstance(embedder, PictureEmbedder):
        refuse_pictures(embedder.name, inputs, named)
        raise AssertionError("one of the inputs has a picture")
    vectors = np.zeros((len(inputs), embedder.dimension), np.float32)
    fetched = Fetched(models) if fetched is None else fetched
    for start in range(0, len(shown), AT_ONCE):
        rows = shown[start : start + AT_ONCE]
        files = [picture_file(inputs[row].image, named(row), fetched) for row in rows]
        pictures = [models.read_picture(file, named(row)) for row, file in zip(rows, files, strict=True)]
        vectors[rows] = embedder.embed_pictures(pictures)
    if written:
        texts = embedder.embed([inputs[row].text or "" for row in written], input_type=input_type)
        both = np.array([inputs[row].image is not None for row in written])
        vectors[written] = np.where(both[:, None], of_both(texts, vectors[written]), texts)
    return vectors


def input_named(row: int) -> str:
    """An input of a request in messages."""
    return f"inputs[{row}]"


def refuse_pictures(model: str, inputs: Sequence[ModelInput], named: Callable[[int], str]) -> None:
    """Raises InvalidRequestError for the first input that has a picture: the model takes texts only."""
    for row, one in enumerate(inputs):
        if one.image is not None:
            raise InvalidRequestError(
                f"{named(row)} has a picture, and the model {model!r} takes texts only. Choose a model whose "
                "modality is multimodal."
            )


def of_both(texts: Floats, pictures: Floats) -> Floats:
    """(n, d) vectors of texts and of the pictures that they come with -> (n, d) of both: the normalised mean of the
    unit vectors."""
    return prepare(prepare(texts, "cosine") + prepare(pictures, "cosine"), "cosine")
