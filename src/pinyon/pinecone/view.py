"""How every result is read and shown: by attribute, by key, as a dictionary, as short text, as an HTML table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, ClassVar

from pinyon.errors import MissingExtraError

_SHOWN_NUMBERS = 3
_SHOWN_TEXT = 80
_SHOWN_ROWS = 20


class View:
    """A result whose fields answer to attributes and to keys. Iteration gives the field names, as in a dictionary."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]
    _fields: ClassVar[tuple[str, ...]] = ()

    def __getitem__(self, key: str) -> Any:
        if key in self._fields:
            return getattr(self, key)
        raise KeyError(f"{key!r}: {type(self).__name__} has the keys {', '.join(self._fields)}.")

    def __setitem__(self, key: str, value: Any) -> None:
        if key not in self._fields:
            raise KeyError(f"{key!r}: {type(self).__name__} has the keys {', '.join(self._fields)}.")
        setattr(self, key, value)

    def __contains__(self, key: object) -> bool:
        return key in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def keys(self) -> tuple[str, ...]:
        return self._fields

    def get(self, key: str, default: Any = None) -> Any:
        return getattr(self, key) if key in self._fields else default

    def to_dict(self) -> dict[str, Any]:
        """The fields as dictionaries and lists all the way down, ready for ``json.dumps``."""
        return {name: plain(getattr(self, name)) for name in self._fields}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, View):
            return NotImplemented
        return self._fields == other._fields and all(self[name] == other[name] for name in self._fields)

    def __repr__(self) -> str:
        return describe(self, self._fields)

    def _repr_html_(self) -> str:
        return html_table(type(self).__name__, ("field", "value"), [(n, getattr(self, n)) for n in self._fields])


def plain(value: Any) -> Any:
    if isinstance(value, View):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        # Vectors are long and flat: looking at the first element spares a walk over all of them.
        return list(value) if value and isinstance(value[0], (float, int, str)) else [plain(inner) for inner in value]
    return value


def describe(value: object, fields: Iterable[str]) -> str:
    """``Name(field=..., ...)`` without unset fields; long vectors and texts are cut."""
    shown = ((name, getattr(value, name)) for name in fields)
    return f"{type(value).__name__}({', '.join(f'{n}={short(v)}' for n, v in shown if v is not None and v != [])})"


def short(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN_TEXT else value[: _SHOWN_TEXT - 1] + "…")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {short(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        parts = [short(inner) for inner in value[:_SHOWN_NUMBERS]]
        if len(value) > _SHOWN_NUMBERS:
            parts.append(f"… {len(value)} in all")
        return f"[{', '.join(parts)}]"
    return repr(value)


def lines(head: str, rows: Sequence[object]) -> str:
    """``head`` with one indented line for each of the first rows."""
    if not rows:
        return f"{head}[])"
    shown = [f"  {row!r}," for row in rows[:_SHOWN_ROWS]]
    if len(rows) > _SHOWN_ROWS:
        shown.append(f"  … {len(rows)} in all")
    return "\n".join([f"{head}[", *shown, "])"])


def html_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A notebook table. Every text is escaped: metadata may hold anything."""
    head = "".join(f"<th>{escape(str(column))}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows[:_SHOWN_ROWS])
    more = f"<p>… {len(rows)} in all</p>" if len(rows) > _SHOWN_ROWS else ""
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return escape(value if isinstance(value, str) and len(value) <= _SHOWN_TEXT else short(value))


def frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Any:
    """A pandas DataFrame with these columns in this order."""
    try:
        import pandas as pd
    except ImportError:
        raise MissingExtraError("to_pandas() needs pandas, which is not installed: pip install pandas") from None
    return pd.DataFrame([dict(row) for row in rows], columns=list(columns))
