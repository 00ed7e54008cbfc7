"""search, query: find records by a text, or by a vector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pinyon.cli.commands import IndexName, Namespace, command
from pinyon.cli.output import Output, milliseconds, recall, snippet
from pinyon.cli.session import Session, parse_object
from pinyon.cli.showing import show_pictures

if TYPE_CHECKING:
    from pinyon.engine import Index
    from pinyon.types import Embedder, Fusion, IndexSpec, Match, Plan, Query, QueryResult, Record, SearchMode

TopK = Annotated[int, typer.Option("--top-k", "-k", metavar="N", help="How many results.")]
Filter = Annotated[
    str | None, typer.Option("--filter", "-f", metavar="JSON", help='As in Pinecone: {"year": {"$gte": 2020}}.')
]
Exact = Annotated[bool, typer.Option("--exact", help="Compare with every record.")]
Mode = Annotated[
    str | None,
    typer.Option(
        "--mode",
        metavar="MODE",
        help="hybrid (by meaning and by words), dense (meaning) or lexical (words). What the index says, else hybrid.",
    ),
]
FusionOption = Annotated[
    str | None,
    typer.Option(
        "--fusion", metavar="METHOD|JSON", help='adaptive, weighted, rrf, or {"method": "rrf", "constant": 20}.'
    ),
]
QueryString = Annotated[
    bool,
    typer.Option("--query-string", help='TEXT has operators: "a phrase" AND prefix* NOT word, with --mode lexical.'),
]
Explain = Annotated[bool, typer.Option("--explain", help="Tell how the answer was found.")]


@command(
    "search",
    section="Search",
    examples=(
        ("the ten best passages", 'pinyon search docs "how do I ask for leave?"'),
        ("three, of one directory, with the plan", """pinyon search docs "휴가는 어떻게 신청하나요?" -k 3 --explain"""),
        (
            "by words alone, with operators",
            """pinyon search docs '"annual leave" AND appl*' --mode lexical --query-string""",
        ),
        ("with a filter", """pinyon search docs "leave" --filter '{"source": "handbook/leave.md"}'"""),
        ("pictures like this one, drawn in the terminal", "pinyon search photos --image cat.png"),
        (
            "like it, and as the text says; a sheet of what was found",
            'pinyon search photos "at night" --image cat.png --sheet found.png',
        ),
    ),
)
def search(
    session: Session,
    name: IndexName,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to look for.", show_default=False)] = "",
    image: Annotated[
        Path | None, typer.Option("--image", metavar="FILE", help="A picture to look for, alone or with TEXT.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE", help="Write the pictures found as one PNG.")
    ] = None,
    top_k: TopK = 10,
    filter: Filter = None,
    namespace: Namespace = "",
    exact: Exact = False,
    explain: Explain = False,
    mode: Mode = None,
    fusion: FusionOption = None,
    query_string: QueryString = False,
) -> None:
    """Search an index by meaning and by words, or for what is like a picture. Shows the time of each stage."""
    from pinyon.app.ingest import embedder_of

    condition = parse_object(filter, "--filter")
    if not text.strip() and image is None:
        raise typer.BadParameter("the text is empty, and there is no --image", param_hint="TEXT")
    with session.database(write=False) as database:
        index = session.index(database, name)
        way = _way(index.spec, mode, fusion, query_string)
        if image is not None:
            if mode not in (None, "dense"):
                raise typer.BadParameter(
                    "a picture is searched for by meaning alone: --mode dense", param_hint="--mode"
                )
            way = Way()
        wordy = way.mode == "lexical" and index.spec.embed is not None
        embedder = None if wordy else embedder_of(index.spec, session.data)
        loading = 0.0 if embedder is None else load_model(embedder)
        result, times = search_text(
            index, embedder, text, top_k, condition, namespace, exact=exact, way=way, image=image
        )
        if not result.matches:
            session.check_namespace(index, namespace)
    times = {"load model": loading, **times} if loading else times
    if session.as_json:
        session.output.json(result_json(result, times, explain=explain))
        return
    print_matches(session.output, result.matches, index.spec, parts=explain)
    show_pictures(session.output, result.matches, sheet)
    session.output.message(shown_times(times), "dim")
    if explain and result.plan is not None:
        print_plan(session.output, result.plan)


def load_model(embedder: Embedder) -> float:
    """Loads the weights, which the first text would otherwise wait for. Gives milliseconds."""
    started = perf_counter()
    embedder.embed([" "], input_type="query")
    return (perf_counter() - started) * 1e3


@dataclass(frozen=True, slots=True)
class Way:
    """What a text is compared with, and how both scores are joined."""

    mode: SearchMode = "dense"
    fusion: Fusion | None = None
    syntax: Literal["text", "query_string"] = "text"


def _way(spec: IndexSpec, mode: str | None, fusion: str | None, query_string: bool) -> Way:
    """As the options say, else as the index says, else by meaning and by words, where it has both."""
    from pinyon.engine.blending import check_mode, read_fusion
    from pinyon.engine.slots import text_settings
    from pinyon.errors import InvalidRequestError

    said = {} if spec.embed is None else spec.embed.read_parameters
    usual = "hybrid" if text_settings(spec) and spec.vector_type == "dense" else "dense"
    given: Any = said.get("fusion")
    if fusion is not None:
        given = parse_object(fusion, "--fusion") if fusion.lstrip().startswith("{") else fusion
    try:
        chosen = check_mode(mode or said.get("mode") or usual)
        joined = None if given is None else read_fusion(given)
    except InvalidRequestError as error:
        raise typer.BadParameter(str(error)) from None
    if query_string and chosen != "lexical":
        raise typer.BadParameter("operators need --mode lexical", param_hint="--query-string")
    return Way(chosen, joined, "query_string" if query_string else "text")


def search_text(
    index: Index,
    embedder: Embedder | None,
    text: str,
    top_k: int,
    condition: dict[str, Any] | None = None,
    namespace: str = "",
    *,
    exact: bool = False,
    way: Way | None = None,
    image: Path | None = None,
) -> tuple[QueryResult, dict[str, float]]:
    """The result and the milliseconds of its stages: embed, search, fetch. way: None is by vectors. embedder: None for
    a search by words alone."""
    from pinyon.types import Fusion, Query, TextClause

    way = Way() if way is None else way
    started = perf_counter()
    vector = None if embedder is None else _vector_of(embedder, text, image)
    embedded = perf_counter()
    query = Query(
        top_k,
        vector=vector,
        filter=condition,
        include_metadata=True,
        exact=exact,
        explain=True,
        text=() if way.mode == "dense" else (TextClause(text, syntax=way.syntax),),
        fusion=way.fusion or Fusion() if way.mode == "hybrid" else None,
    )
    result = index.query(namespace, query)
    whole = (perf_counter() - embedded) * 1e3
    fetch = result.plan.milliseconds.get("fetch", 0.0) if result.plan is not None else 0.0
    times = {} if vector is None else {"embed": (embedded - started) * 1e3}
    return result, {**times, "search": whole - fetch, "fetch": fetch}


def _vector_of(embedder: Embedder, text: str, image: Path | None) -> Any:
    from pinyon.app import default_models
    from pinyon.engine.pictures import embed_inputs
    from pinyon.types import ModelInput

    if image is None:
        return embedder.embed([text], input_type="query")[0]
    given = ModelInput(text if text.strip() else None, image)
    return embed_inputs(default_models(), embedder, [given], lambda row: "--image", input_type="query")[0]


@command(
    "query",
    section="Search",
    examples=(
        ("the records most like one that is stored", "pinyon query vectors --id doc-1 --top-k 5"),
        ("by a vector in a file", "pinyon query vectors --vector query.npy --exact"),
        ("by a vector, filtered", """pinyon query vectors --vector '[0.1, 0.2]' --filter '{"year": 2024}' --explain"""),
    ),
)
def query(
    session: Session,
    name: IndexName,
    vector: Annotated[
        str | None, typer.Option("--vector", metavar="FILE|JSON", help="An .npy file, or a list: '[0.1, 0.2]'.")
    ] = None,
    id: Annotated[str | None, typer.Option("--id", metavar="ID", help="Search by a stored record.")] = None,
    sparse: Annotated[
        str | None, typer.Option("--sparse", metavar="JSON", help='{"indices": [1, 7], "values": [0.5, 0.2]}.')
    ] = None,
    top_k: TopK = 10,
    filter: Filter = None,
    namespace: Namespace = "",
    include_values: Annotated[bool, typer.Option("--values", help="Show the vectors too (with --json).")] = False,
    exact: Exact = False,
    explain: Explain = False,
) -> None:
    """Find the records nearest to a vector, or to a stored record."""
    from pinyon.types import Query

    if id is None and vector is None and sparse is None:
        raise typer.BadParameter("give one of --vector, --id and --sparse")
    wanted = Query(
        top_k,
        vector=None if vector is None else _vector(vector),
        sparse=_sparse(sparse),
        id=id,
        filter=parse_object(filter, "--filter"),
        include_values=include_values,
        include_metadata=True,
        exact=exact,
        explain=True,
    )
    with session.database(write=False) as database:
        index = session.index(database, name)
        result = index.query(namespace, wanted)
        if not result.matches:
            _tell_why_nothing(session, index, namespace, wanted)
    times = dict(result.plan.milliseconds) if result.plan is not None else {}
    if session.as_json:
        session.output.json(result_json(result, times, explain=explain))
        return
    print_matches(session.output, result.matches, index.spec)
    if explain and result.plan is not None:
        print_plan(session.output, result.plan)


def _tell_why_nothing(session: Session, index: Index, namespace: str, wanted: Query) -> None:
    session.check_namespace(index, namespace)
    if wanted.id is not None and not index.fetch(namespace, [wanted.id], include_values=False):
        session.output.message(f"no record {wanted.id!r} to search by")


def _vector(given: str) -> Any:
    import numpy as np
    import orjson

    from pinyon.errors import NotFoundError

    if not given.lstrip().startswith("["):
        path = Path(given)
        if not path.is_file():
            raise NotFoundError(f"no file {given!r}: give an .npy file, or a list such as '[0.1, 0.2]'")
        try:
            return np.load(path, allow_pickle=False).reshape(-1)
        except (ValueError, EOFError) as error:
            raise typer.BadParameter(f"{given} is not an .npy file ({error})", param_hint="--vector") from None
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"not a JSON list ({error})", param_hint="--vector") from None


def _sparse(given: str | None) -> Any:
    import numpy as np

    from pinyon.types import SparseValues

    found = parse_object(given, "--sparse")
    if found is None:
        return None
    try:
        return SparseValues(np.asarray(found["indices"]), np.asarray(found["values"], dtype=np.float32))
    except (KeyError, TypeError, ValueError):
        message = 'write {"indices": [1, 7], "values": [0.5, 0.2]}'
        raise typer.BadParameter(message, param_hint="--sparse") from None


def print_matches(output: Output, matches: tuple[Match, ...], spec: IndexSpec, *, parts: bool = False) -> None:
    """Rank, score, id, and the text or the metadata. parts: with both scores of a hybrid search."""
    if not matches:
        output.message("no matches")
        return
    field = text_field(spec)
    names = tuple(matches[0].parts) if parts and matches[0].parts is not None else ()
    rows = [
        (rank, f"{match.score:.4f}", *_scores(match, names), match.id, gist(match, field))
        for rank, match in enumerate(matches, 1)
    ]
    heads = ("rank", "score", *names)
    output.table((*heads, "id", "text" if spec.embed is not None else "metadata"), rows, heads)


def text_field(spec: IndexSpec) -> str:
    """The field that holds the text of a record."""
    return spec.embed.field_map["text"] if spec.embed is not None else "text"


def _scores(match: Match, names: tuple[str, ...]) -> list[str]:
    return [f"{match.parts[name]:.4f}" for name in names] if match.parts is not None else []


def gist(record: Match | Record, field: str) -> str:
    """What a record holds, on one line: its text, else what is known of its picture, else its metadata."""
    import orjson

    metadata = record.metadata or {}
    text = metadata.get(field)
    if isinstance(text, str):
        return snippet(text)
    if "thumbnail" in metadata:
        told = (str(metadata[name]) for name in ("taken", "camera") if name in metadata)
        return ", ".join([f"picture, {metadata.get('width')} x {metadata.get('height')}", *told])
    return snippet(orjson.dumps(metadata).decode()) if metadata else ""


def shown_times(times: dict[str, float]) -> str:
    return "time: " + ", ".join(f"{stage} {milliseconds(value)}" for stage, value in times.items())


def print_plan(output: Output, plan: Plan) -> None:
    exactly = "exact" if plan.exact else "approximate candidates, exact scores"
    output.message(f"plan: {plan.kind} ({plan.reason}); {exactly}", "dim")
    output.message(
        f"      {plan.matching:,} of {plan.records:,} records match, {plan.candidates:,} scored; "
        + ", ".join(f"{stage} {milliseconds(value)}" for stage, value in plan.milliseconds.items()),
        "dim",
    )
    if plan.fusion is not None:
        told = ", ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in plan.fusion.items())
        output.message(f"      fusion: {told}", "dim")
    if plan.recall is not None and plan.recall_label is not None:
        output.message(f"      recall {recall(plan.recall, plan.recall_interval, plan.recall_label)}", "dim")
    if plan.shortage:
        output.message(f"      {plan.shortage}", "dim")


def _parts_json(match: Match, explain: bool) -> dict[str, Any]:
    return {"parts": dict(match.parts)} if explain and match.parts is not None else {}


def result_json(result: QueryResult, times: dict[str, float], *, explain: bool) -> dict[str, Any]:
    from pinyon.app.transfer import record_json

    matches = [{"score": match.score, **_parts_json(match, explain), **record_json(match)} for match in result.matches]
    found: dict[str, Any] = {"namespace": result.namespace, "matches": matches, "milliseconds": times}
    if explain and result.plan is not None:
        plan = result.plan
        found["plan"] = {
            "kind": plan.kind,
            "reason": plan.reason,
            "records": plan.records,
            "matching": plan.matching,
            "candidates": plan.candidates,
            "exact": plan.exact,
            "milliseconds": dict(plan.milliseconds),
            "recall": plan.recall,
            "recall_interval": plan.recall_interval,
            "recall_label": plan.recall_label,
            "effort": plan.effort,
            "fusion": None if plan.fusion is None else dict(plan.fusion),
            "shortage": plan.shortage,
        }
    return found
