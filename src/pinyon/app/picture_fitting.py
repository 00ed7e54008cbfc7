"""A map for ``picture-words``, learned from the pictures and captions of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pinyon.app import PICTURE_SIDE
from pinyon.errors import AlreadyExistsError, InvalidRequestError, MissingExtraError, NotFoundError
from pinyon.models.picture_map import PictureMap
from pinyon.models.picture_words import PictureWords, fit_pictures
from pinyon.models.pictures import checked_pictures
from pinyon.models.registry import ModelRegistry
from pinyon.pictures import ManifestRow, RefusedRow, read_manifest, read_picture
from pinyon.types import Picture

__all__ = ["fit_list"]

MODEL = "picture-words"


def fit_list(
    models: ModelRegistry, manifest: Path, to: Path, progress: Callable[[int, str], None] = lambda done, note: None
) -> tuple[PictureMap, list[RefusedRow]]:
    """The map, which is in the new file ``to`` as well, and the lines of the list that were left out, with the reason.

    manifest: as ``read_manifest`` takes it, with a ``caption`` or a list of ``captions`` on every line. progress: told
    of the lines so far, with the picture. Raises AlreadyExistsError or NotFoundError for ``to`` before anything is
    read, NotFoundError without the list, and what ``fit_pictures`` does.
    """
    if to.exists():
        raise AlreadyExistsError(f"there is a file {str(to)!r} already: give another name, or delete it")
    if not to.parent.is_dir():
        raise NotFoundError(f"there is no folder {str(to.parent)!r} for the map: make it first")
    model = models.get(MODEL)
    assert isinstance(model, PictureWords), "it is built in"
    refused: list[RefusedRow] = []
    made = fit_pictures(model, _captioned(manifest, refused, progress))
    made.save(to)
    return made, refused


def _captioned(
    manifest: Path, refused: list[RefusedRow], progress: Callable[[int, str], None]
) -> Iterator[tuple[Picture, list[str]]]:
    """The pictures of the list, one by one; those that cannot be used go to ``refused``."""
    for done, row in enumerate(read_manifest(manifest), 1):
        if isinstance(row, RefusedRow):
            refused.append(row)
            continue
        try:
            captions = _captions(row)
            picture = read_picture(row.path.read_bytes(), name=row.source, longest=PICTURE_SIDE)
            checked_pictures([picture])
        except OSError as error:
            refused.append(RefusedRow(row.where, f"{row.source!r} cannot be read: {error.strerror or error}"))
        except (InvalidRequestError, MissingExtraError) as error:
            refused.append(RefusedRow(row.where, error.message))
        else:
            progress(done, row.source)
            yield picture, captions


def _captions(row: ManifestRow) -> list[str]:
    """Raises InvalidRequestError where there is none."""
    more = row.caption.metadata.get("captions", [])
    if not isinstance(more, list):
        raise InvalidRequestError(f"captions is {more!r:.80}: give a list of texts")
    found = [text for text in (row.caption.text, *more) if text.strip()]
    if not found:
        raise InvalidRequestError(f"{row.source!r} has no caption, and there is nothing to learn from it")
    return found
