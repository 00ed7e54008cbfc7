"""Which handler answers which path.

The raw path is split first and each segment decoded after, because names may hold encoded slashes: a general web
framework decodes first and would cut such a name in two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pinyon.server.http import Route, decode_segment


class Router:
    """Finds the route of a method and a raw path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._fixed: dict[str, dict[str, Route]] = {}
        self._shapes: dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]] = {}
        for route in self.routes:
            segments = _segments(route.path)
            if not any(map(_is_variable, segments)):
                self._fixed.setdefault(route.path, {})[route.method] = route
                continue
            shapes = self._shapes.setdefault(len(segments), [])
            for known, methods in shapes:
                if known == segments:
                    methods[route.method] = route
                    break
            else:
                shapes.append((segments, {route.method: route}))

    def match(self, path: str) -> tuple[Mapping[str, Route], dict[str, str]] | None:
        """(routes by method, variables) for a raw path; None when nothing lives there."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed, {}
        given = _segments(path)
        for template, methods in self._shapes.get(len(given), ()):
            if all(_is_variable(want) or want == have for want, have in zip(template, given, strict=True)):
                variables = {
                    want[1:-1]: decode_segment(have)
                    for want, have in zip(template, given, strict=True)
                    if _is_variable(want)
                }
                return methods, variables
        return None


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])


def _is_variable(segment: str) -> bool:
    return segment.startswith("{")
