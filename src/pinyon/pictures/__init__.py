"""Pictures: files become pixels and pixels files, copies are found, captions are read, and sheets are drawn."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinyon.pictures.captions import Caption, ManifestRow, RefusedRow, read_manifest, sidecar_caption
    from pinyon.pictures.encoding import MEDIA_TYPES, PictureEncoding, encoded, thumbnail
    from pinyon.pictures.facts import PictureInfo, about
    from pinyon.pictures.formats import FORMATS, SUFFIXES, PictureFormat, sniffed
    from pinyon.pictures.likeness import distance, near_duplicates, perceptual_hash
    from pinyon.pictures.opening import MAXIMUM_PIXELS
    from pinyon.pictures.reading import read_picture, read_with_info
    from pinyon.pictures.sheet import Cell, ContactSheet, contact_sheet
    from pinyon.pictures.terminal import HALF_BLOCK, half_blocks

_HOMES = {
    "Caption": "captions",
    "Cell": "sheet",
    "ContactSheet": "sheet",
    "FORMATS": "formats",
    "HALF_BLOCK": "terminal",
    "MAXIMUM_PIXELS": "opening",
    "MEDIA_TYPES": "encoding",
    "ManifestRow": "captions",
    "PictureEncoding": "encoding",
    "PictureFormat": "formats",
    "PictureInfo": "facts",
    "RefusedRow": "captions",
    "SUFFIXES": "formats",
    "about": "facts",
    "contact_sheet": "sheet",
    "distance": "likeness",
    "encoded": "encoding",
    "half_blocks": "terminal",
    "near_duplicates": "likeness",
    "perceptual_hash": "likeness",
    "read_manifest": "captions",
    "read_picture": "reading",
    "read_with_info": "reading",
    "sidecar_caption": "captions",
    "sniffed": "formats",
    "thumbnail": "encoding",
}

__all__ = [
    "Caption",
    "Cell",
    "ContactSheet",
    "FORMATS",
    "HALF_BLOCK",
    "MAXIMUM_PIXELS",
    "MEDIA_TYPES",
    "ManifestRow",
    "PictureEncoding",
    "PictureFormat",
    "PictureInfo",
    "RefusedRow",
    "SUFFIXES",
    "about",
    "contact_sheet",
    "distance",
    "encoded",
    "half_blocks",
    "near_duplicates",
    "perceptual_hash",
    "read_manifest",
    "read_picture",
    "read_with_info",
    "sidecar_caption",
    "sniffed",
    "thumbnail",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
