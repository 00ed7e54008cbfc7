"""Metadata and its filters: validation, the filter language, a slow oracle, and fast columns.

A filter object is parsed once into an immutable tree (``parse``). ``matches`` evaluates the tree on one
metadata object; ``Columns`` evaluates it on every row of a namespace at once. Both give the same answer.
"""

from __future__ import annotations

from pinyon.filters.columns import Columns
from pinyon.filters.metadata import decode as decode_metadata
from pinyon.filters.metadata import encode as encode_metadata
from pinyon.filters.metadata import encode_columns as encode_metadata_columns
from pinyon.filters.naive import matches
from pinyon.filters.parse import Searched, parse
from pinyon.filters.profile import Frequent, Profile
from pinyon.filters.tree import And, Compare, Exists, In, Match, Node, Or, has_words

__all__ = [
    "And",
    "Columns",
    "Compare",
    "Exists",
    "Frequent",
    "In",
    "Match",
    "Node",
    "Or",
    "Profile",
    "Searched",
    "decode_metadata",
    "encode_metadata",
    "encode_metadata_columns",
    "has_words",
    "matches",
    "parse",
]
