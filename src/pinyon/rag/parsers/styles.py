"""As much of CSS as tells whether text is hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["StyleSheet", "color_of", "hiding"]

_WHITE: Final = frozenset(
    {"white", "#fff", "#ffff", "#ffffff", "#fefefe", "#ffffffff", "rgb(255,255,255)", "rgba(255,255,255,1)"}
)
_RULE: Final = re.compile(r"([^{}]{1,500})\{([^{}]{0,5000})\}")
_ZERO: Final = re.compile(r"0*(?:\.0*)?(?:px|pt|em|rem|%|cm|mm|in)?$|0*\.0?[0-9]*(?:em|rem)$|1px$")
_FAR: Final = re.compile(r"-\d{3,}")


class StyleSheet:
    """The rules of the page's own ``style`` elements for a single element name, ``.class`` or ``#id``.

    outside: there is a style sheet in another file. paints: the colour of the paper is not known to be white.
    """

    def __init__(self) -> None:
        self.outside = False
        self._rules: dict[str, dict[str, str]] = {}
        self._background = False

    @property
    def paints(self) -> bool:
        return self.outside or self._background

    def add(self, text: str) -> None:
        """Takes the rules of a ``style`` element."""
        for selectors, body in _RULE.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
            found = declarations(body)
            self._background = self._background or "background" in found
            for selector in selectors.split(","):
                name = selector.strip().lower()
                if re.fullmatch(r"[.#]?[\w-]+", name):
                    self._rules.setdefault(name, {}).update(found)

    def of(self, tag: str, attributes: Mapping[str, str]) -> dict[str, str]:
        """What is declared for an element, the inline style last."""
        names = [tag, *("." + name for name in attributes.get("class", "").lower().split())]
        if attributes.get("id"):
            names.append("#" + attributes["id"].lower())
        found: dict[str, str] = {}
        for name in names:
            found.update(self._rules.get(name, {}))
        for attribute, key in (("bgcolor", "background"), ("color", "color"), ("text", "color")):
            if attribute in attributes:
                found[key] = color_of(attributes[attribute])
        found.update(declarations(attributes.get("style", "")))
        return found


def declarations(text: str) -> dict[str, str]:
    """``a: b; c: d`` as lower-case pairs without spaces; colours in one spelling."""
    found: dict[str, str] = {}
    for part in text.lower().split(";"):
        name, _, value = part.partition(":")
        name, value = name.strip(), re.sub(r"\s*!important", "", value).strip()
        if name in ("background", "background-color"):
            found["background"] = color_of(value)
        elif name == "color":
            found["color"] = color_of(value)
        elif value:
            found[name] = re.sub(r"\s+", "", value)
    return found


def color_of(value: str) -> str:
    plain = re.sub(r"\s+", "", value.lower())
    return "white" if plain in _WHITE else plain


def hiding(style: Mapping[str, str], attributes: Mapping[str, str]) -> str:
    """Why an element is not seen; empty when it is."""
    if style.get("display") == "none":
        return "display:none"
    if style.get("visibility") in ("hidden", "collapse"):
        return "visibility:hidden"
    if "font-size" in style and _ZERO.match(style["font-size"]):
        return "font-size:0"
    if "opacity" in style and re.fullmatch(r"0*(?:\.0*)?%?", style["opacity"]):
        return "opacity:0"
    if style.get("position") in ("absolute", "fixed") and any(_FAR.match(style.get(side, "")) for side in _SIDES):
        return "outside the page"
    if _FAR.match(style.get("text-indent", "")):
        return "outside the page"
    if style.get("color") == "transparent":
        return "transparent text"
    if "hidden" in attributes:
        return "hidden attribute"
    return "aria-hidden" if attributes.get("aria-hidden", "").strip().lower() == "true" else ""


_SIDES: Final = ("left", "right", "top", "bottom")
