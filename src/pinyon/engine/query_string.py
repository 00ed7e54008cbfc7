"""Text clauses and the Lucene query language -> what they ask for, as trees of ``lexical``."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NoReturn, TypeAlias

from pinyon.engine.lexical import Leaf, Node, analyser_of, boosted, grouped, phrase_of
from pinyon.errors import InvalidRequestError
from pinyon.index.analysis import TextSettings
from pinyon.index.text import Phrase, Word
from pinyon.types import TextClause

MOST_WORDS: Final = 10_000
"""Words that all clauses of one search may look up, counted once for each field."""
EXPANSION: Final = 100
"""What a prefix or a fuzzy word counts as: it stands for many terms."""
LONGEST: Final = 100_000
DEEPEST: Final = 50
MOST_EDITS: Final = 2
MOST_SLOP: Final = 1_000
Fields: TypeAlias = Mapping[str, TextSettings]
Occurrence: TypeAlias = Literal["must", "should", "must_not"]


# -- clauses ----------------------------------------------------------------------------------------------------------


def compiled(clauses: Sequence[TextClause], fields: Fields) -> tuple[Node, ...]:
    """What the clauses of a search ask for; a document matches when any of them does. Equal clauses count once.

    fields: the full-text fields of the index. Raises InvalidRequestError.
    """
    budget = Budget()
    distinct: dict[Hashable, Node] = {}
    for clause in clauses:
        if not fields:
            raise InvalidRequestError("This index has no full-text field, so it cannot be searched by words.")
        if not clause.query.strip():
            raise InvalidRequestError(f"The query of a {clause.syntax} clause must not be empty.")
        if len(clause.query) > LONGEST:
            raise InvalidRequestError(
                f"The query of a {clause.syntax} clause has {len(clause.query):,} characters; at most {LONGEST:,} are "
                "allowed."
            )
        chosen = {name: fields[name] for name in clause.fields or fields if _known(name, fields)}
        node = _optional(clause.query, chosen, budget) if clause.syntax == "text" else None
        if clause.syntax == "query_string":
            node = _Parser(clause.query, chosen, budget).whole()
        if node is not None:
            distinct.setdefault(_canonical(node), node)
    return tuple(distinct.values())


def _known(name: str, fields: Fields) -> bool:
    if name not in fields:
        raise InvalidRequestError(
            f"Field {name!r:.80} has no full-text search. Full-text fields here: {', '.join(sorted(fields))}."
        )
    return True


def _optional(text: str, fields: Fields, budget: Budget) -> Node | None:
    """Every word of a text in every field."""
    leaves: list[Node] = []
    for name, settings in fields.items():
        for terms in analyser_of(settings).asked(text):
            budget.spend(len(terms))
            leaves += [Leaf(name, Phrase(((0, Word(term)),))) for term in terms]
    return grouped(should=leaves)


def _canonical(node: Node) -> Hashable:
    """Equal for trees that say the same in another order."""
    if isinstance(node, Leaf):
        return node
    return tuple(frozenset(Counter(map(_canonical, part)).items()) for part in (node.must, node.should, node.must_not))


class Budget:
    """Counts what a search looks up, so that a hostile one is refused before it costs anything."""

    def __init__(self) -> None:
        self.spent = 0

    def spend(self, words: int) -> None:
        self.spent += words
        if self.spent > MOST_WORDS:
            raise InvalidRequestError(
                f"The text clauses look up more than {MOST_WORDS:,} words (each counts once for every field; a prefix "
                f"or fuzzy word as {EXPANSION}). Name fewer fields, or shorten the query."
            )


# -- the query language -----------------------------------------------------------------------------------------------

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    | (?P<operator>AND(?![^\s()])|OR(?![^\s()])|NOT(?![^\s()])|&&|\|\|)
    | (?P<mark>[()+!-])
    | (?P<phrase>"(?:[^"\\]|\\.)*")
    | (?P<word>(?:\\.|[^\s\\:()"^~*\[\]{}])+)""",
    re.VERBOSE | re.DOTALL,
)
_SUFFIX: Final = re.compile(r"(?P<star>\*)?(?:~(?P<tilde>\d*\.?\d*))?(?:\^(?P<boost>\d*\.?\d*))?")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_OPERATORS: Final = {"&&": "AND", "||": "OR"}


@dataclass(slots=True)
class _Parts:
    """The parts of one level of a query. named: something was asked for, though perhaps by stop words alone."""

    must: list[Node] = field(default_factory=list)
    should: list[Node] = field(default_factory=list)
    must_not: list[Node] = field(default_factory=list)
    named: bool = False

    def add(self, occurrence: Occurrence, node: Node | None) -> None:
        self.named |= occurrence != "must_not"
        if node is not None:
            getattr(self, occurrence).append(node)

    def node(self) -> Node | None:
        if self.named and not self.must and not self.should:
            return None
        return grouped(self.must, self.should, self.must_not)


class _Parser:
    """Recursive descent over ``field:word "a phrase"~2 prefix* fuzzy~1 (a OR b) AND NOT c +must -never word^2``."""

    def __init__(self, text: str, fields: Fields, budget: Budget) -> None:
        self._text = text
        self._fields = fields
        self._budget = budget
        self._at = 0
        self._depth = 0

    def whole(self) -> Node | None:
        parts = self._sequence(self._fields)
        if self._peek() is not None:
            self._refuse("there is a ) without its (")
        if not parts.named:
            self._at = 0
            self._refuse("it only excludes, and something has to be asked for")
        return parts.node()

    def _sequence(self, fields: Fields) -> _Parts:
        """Alternatives, with or without OR between them, up to the end or a closing bracket."""
        parts = _Parts()
        first = True
        while (token := self._peek()) is not None and token[1] != ")":
            if not first and token == ("operator", "OR"):
                self._take()
            parts.add(*self._conjunction(fields))
            first = False
        if first:
            self._refuse("something to search for is missing")
        return parts

    def _conjunction(self, fields: Fields) -> tuple[Occurrence, Node | None]:
        occurrence, node = self._signed(fields)
        if self._peek() != ("operator", "AND"):
            return occurrence, node
        parts = _Parts()
        parts.add("must" if occurrence == "should" else occurrence, node)
        while self._peek() == ("operator", "AND"):
            self._take()
            occurrence, node = self._signed(fields)
            parts.add("must" if occurrence == "should" else occurrence, node)
        return "should", parts.node()

    def _signed(self, fields: Fields) -> tuple[Occurrence, Node | None]:
        token = self._peek()
        if token in (("operator", "NOT"), ("mark", "-"), ("mark", "!")):
            self._take()
            return "must_not", self._single(fields)
        if token == ("mark", "+"):
            self._take()
            return "must", self._single(fields)
        return "should", self._single(fields)

    def _single(self, fields: Fields) -> Node | None:
        """A word, a phrase or a bracket, with its field before it and its suffixes behind it."""
        token = self._peek()
        if token is None:
            self._refuse("something to search for is missing")
        kind, text = token
        if kind == "word" and self._text.startswith(":", self._at + len(text)):
            fields = self._qualified(_ESCAPE.sub(r"\1", text))
            self._at += len(text) + 1
            token = self._peek(skip=False)
            if token is None or token[0] == "space":
                self._refuse("a word has to follow the colon at once")
            kind, text = token
        if (kind, text) == ("mark", "("):
            return self._bracket(fields)
        if kind not in ("word", "phrase"):
            self._refuse(f"{text!r} stands where a word is expected")
        self._at += len(text)
        return self._leaves(kind, text, fields)

    def _bracket(self, fields: Fields) -> Node | None:
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(f"brackets are nested deeper than {DEEPEST} levels")
        self._take()
        node = self._sequence(fields).node()
        if self._peek() != ("mark", ")"):
            self._refuse("a ) is missing")
        self._take()
        self._depth -= 1
        start = self._at
        suffix = self._suffix()
        if suffix["star"] or suffix["tilde"] is not None:
            self._at = start
            self._refuse("only a boost ^N may follow a bracket")
        return None if node is None else boosted(node, self._boost(suffix["boost"], start))

    def _qualified(self, name: str) -> Fields:
        if name not in self._fields:
            self._refuse(
                f"{name!r:.80} is no full-text field; there are: {', '.join(sorted(self._fields))}. Write \\: for a "
                "colon in a word, or put it in quotes"
            )
        return {name: self._fields[name]}

    def _leaves(self, kind: str, text: str, fields: Fields) -> Node | None:
        start = self._at
        suffix = self._suffix()
        boost = self._boost(suffix["boost"], start)
        tilde = None if suffix["tilde"] is None else self._tilde(kind, suffix["tilde"], start)
        if kind == "word" and suffix["star"] and tilde is not None:
            self._at = start
            self._refuse("a word is either a prefix or fuzzy, not both")
        plain = _ESCAPE.sub(r"\1", text[1:-1] if kind == "phrase" else text)
        nodes: list[Node] = []
        for name, settings in fields.items():
            phrase = _phrase(plain, settings, prefix=bool(suffix["star"]), fuzzy=tilde if kind == "word" else None)
            self._budget.spend(sum(1 if word.kind == "term" else EXPANSION for _, word in phrase.words))
            if settings.ngram is not None and kind == "word" and not suffix["star"] and tilde is None:
                nodes += [Leaf(name, Phrase(((0, word),)), boost) for _, word in phrase.words]
            elif phrase.words:
                slop = tilde if kind == "phrase" and tilde is not None else 0
                nodes.append(Leaf(name, replace(phrase, slop=slop), boost))
                stem = _stem_of_prefix(plain, settings) if suffix["star"] else None
                nodes += [] if stem is None else [Leaf(name, stem, boost)]
        return grouped(should=nodes)

    # -- suffixes ---

    def _suffix(self) -> re.Match[str]:
        found = _SUFFIX.match(self._text, self._at)
        assert found is not None, "every part of a suffix is optional"
        self._at = found.end()
        following = self._text[self._at : self._at + 1]
        if following and following in "*~^:":
            self._refuse(f"{following!r} cannot stand here: write \\{following} to search for it")
        if found[0] and following and not following.isspace() and following not in "()" and found["boost"] != "":
            self._refuse(f"a space has to follow {found[0]!r}; it may only stand at the end of a word")
        return found

    def _boost(self, digits: str | None, start: int) -> float:
        if digits is None:
            return 1.0
        if digits in ("", ".") or not math.isfinite(float(digits)):
            self._at = start
            self._refuse("a number has to follow ^")
        return float(digits)

    def _tilde(self, kind: str, digits: str, start: int) -> int:
        most = MOST_EDITS if kind == "word" else MOST_SLOP
        if digits and (not digits.isdigit() or len(digits) > 6 or int(digits) > most):
            self._at = start
            self._refuse(f"a whole number from 0 to {most} has to follow ~ after a {kind}")
        return int(digits or MOST_EDITS)

    # -- tokens ---

    def _peek(self, skip: bool = True) -> tuple[str, str] | None:
        """(kind, text) of what comes next; None at the end."""
        while self._at < len(self._text):
            found = _TOKEN.match(self._text, self._at)
            if found is None:
                self._refuse_character(self._text[self._at])
            kind = str(found.lastgroup)
            if kind == "space" and skip:
                self._at = found.end()
                continue
            return kind, _OPERATORS.get(found[0], found[0])
        return None

    def _take(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        assert found is not None, "what is taken was seen before"
        self._at = found.end()

    def _refuse_character(self, character: str) -> NoReturn:
        if character == '"':
            self._refuse("a phrase has no closing quote")
        if character in "[]{}":
            self._refuse("ranges are not part of the query language; put a filter on metadata instead")
        if character == "*":
            self._refuse("a * may only follow the beginning of a word")
        self._refuse(f"{character!r} cannot stand here: write \\{character} to search for it")

    def _refuse(self, problem: str) -> NoReturn:
        around = self._text[max(0, self._at - 20) : self._at + 20]
        raise InvalidRequestError(f"Invalid query_string at character {self._at} (near {around!r}): {problem}.")


def _phrase(text: str, settings: TextSettings, *, prefix: bool, fuzzy: int | None) -> Phrase:
    """The words of a text next to each other, the last of them as a prefix, or each with some edits."""
    if not prefix and fuzzy is None:
        return phrase_of(text, settings)
    analyser = analyser_of(settings)
    words = analyser.words(text)
    if fuzzy is not None:
        return Phrase(tuple((at, Word(analyser.beginning(word), "fuzzy", fuzzy)) for at, word in enumerate(words)))
    before = [terms for word in words[:-1] for terms in analyser.parts(word)]
    last = [(len(before), Word(analyser.beginning(word), "prefix")) for word in words[-1:]]
    return Phrase((*((at, Word(term)) for at, terms in enumerate(before) for term in terms), *last))


def _stem_of_prefix(text: str, settings: TextSettings) -> Phrase | None:
    """The term of a word whose stem is shorter than the word, so that no term begins with it; None for others."""
    analyser = analyser_of(settings)
    tokens = analyser.chain(text)
    if not analyser.scripted or len(tokens) != 1 or tokens[0][1][0].startswith(analyser.beginning(text)):
        return None
    return Phrase(((0, Word(tokens[0][1][0])),))
