"""Zip files of XML, as office files are: opened with caps, so that a small file cannot become a huge one."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree
from xml.parsers import expat

from pinyon.rag.parsed import UnreadableError

__all__ = ["Archive", "Element", "attribute", "children", "local", "parse_xml"]

Element = ElementTree.Element

MAXIMUM_ENTRIES: Final = 20_000
MAXIMUM_ENTRY: Final = 64 * 1024**2
"""Bytes of one XML part, unpacked. An 800-page book in Korean has about 10 MB."""
MAXIMUM_TOTAL: Final = 256 * 1024**2
MAXIMUM_RATIO: Final = 200
"""How much larger than its packed form a part may be, beyond the first MiB. XML of real documents packs to a tenth or a
twentieth; a zip bomb to a thousandth."""

MAXIMUM_DEPTH: Final = 400
"""Elements within elements. Tables within tables of real documents reach about sixty."""


class Archive:
    """A zip file in memory. Raises UnreadableError for what is broken, encrypted or too large."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, OverflowError) as error:
            raise UnreadableError(f"a broken zip file: {error}") from None
        entries = self._zip.infolist()
        if len(entries) > MAXIMUM_ENTRIES:
            raise UnreadableError(f"a zip file of {len(entries):,} entries, over {MAXIMUM_ENTRIES:,}: not a document")
        self._entries = {entry.filename: entry for entry in entries}
        self._left = MAXIMUM_TOTAL

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self, pattern: str) -> list[str]:
        """The names that match a regular expression, by the numbers in them."""
        found = [name for name in self._entries if re.fullmatch(pattern, name)]
        return sorted(found, key=lambda name: ([int(number) for number in re.findall(r"\d+", name)], name))

    def read(self, name: str) -> bytes:
        """The bytes of an entry."""
        entry = self._entries.get(name)
        if entry is None:
            raise UnreadableError(f"broken: the part {name!r} is missing")
        if entry.flag_bits & 1:
            raise UnreadableError("encrypted: save it without a password")
        limit = min(MAXIMUM_ENTRY, self._left, 1024**2 + MAXIMUM_RATIO * entry.compress_size)
        try:
            with self._zip.open(entry) as stream:
                data = stream.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError) as error:
            raise UnreadableError(f"broken: the part {name!r} cannot be unpacked ({error})") from None
        if len(data) > limit:
            raise UnreadableError(
                f"looks like a zip bomb: the part {name!r} of {entry.compress_size:,} packed bytes unpacks to more "
                f"than {limit:,}"
            )
        self._left -= len(data)
        return data

    def xml(self, name: str) -> Element:
        return parse_xml(self.read(name), name)


def parse_xml(data: bytes, name: str) -> Element:
    """The root of an XML part. A document type is refused: office files have none, and entities hide in it."""
    _check_shape(data, name)
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise UnreadableError(f"broken: the part {name!r} is no XML ({error})") from None


def _check_shape(data: bytes, name: str) -> None:
    """Refuses document types and deep nesting before a tree is built."""
    depth = 0

    def refuse(*_: object) -> None:
        raise UnreadableError(f"the XML part {name!r} declares a document type (an entity bomb?): not read")

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MAXIMUM_DEPTH:
            raise UnreadableError(f"the XML part {name!r} has elements nested more than {MAXIMUM_DEPTH} deep: not read")

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise UnreadableError(f"broken: the part {name!r} is no XML ({error})") from None


def local(element: Element) -> str:
    """The name of an element or attribute without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if local(child) == name)


def attribute(element: Element, name: str) -> str | None:
    """The value of an attribute whatever its namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)
