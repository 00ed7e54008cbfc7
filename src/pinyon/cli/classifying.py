"""classify: which of several labels is nearest to each picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pinyon.cli.commands import command
from pinyon.cli.ingesting import listed, watching
from pinyon.cli.output import clean
from pinyon.cli.session import Session

if TYPE_CHECKING:
    from pinyon.app.classifying import Sorted
    from pinyon.models.zero_shot import ConfusionReport

CELLS = 12
"""Labels up to which the whole table of confusions is shown."""


@command(
    "classify",
    section="Search",
    examples=(
        ("one picture", "pinyon classify cat.png --labels cat,dog,bird"),
        (
            "in Korean, with a template of your own",
            "pinyon classify cat.png --labels 고양이,강아지,새 --template '{} 그림'",
        ),
        ("a folder with one folder for each label: how often it is right", "pinyon classify ./sorted --by-folder"),
    ),
)
def classify(
    session: Session,
    pictures: Annotated[
        list[Path], typer.Argument(metavar="PICTURE", help="Pictures, or folders of them.", show_default=False)
    ],
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="A,B,...", help="What a picture may be; or a file, one a line.")
    ] = None,
    model: Annotated[str, typer.Option("--model", help="A model that sees pictures.")] = "picture-words",
    template: Annotated[
        list[str] | None,
        typer.Option("--template", metavar="TEXT", help="With {} for the label; may be repeated [default: several]."),
    ] = None,
    by_folder: Annotated[
        bool, typer.Option("--by-folder", help="Pictures lie in a folder for each label: report what is right.")
    ] = False,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Choose the temperature by the folders, with --by-folder.")
    ] = False,
    temperature: Annotated[
        float | None, typer.Option("--temperature", min=1e-4, max=100.0, help="As --calibrate found it before.")
    ] = None,
    top: Annotated[int, typer.Option("--top", "-k", min=1, metavar="N", help="Labels of a picture to show.")] = 3,
) -> None:
    """Sort pictures by labels that no model was trained on; probabilities are only as good as the model."""
    from pinyon.app import default_models
    from pinyon.app.classifying import classify as sort
    from pinyon.app.classifying import labels_of, pictures_in
    from pinyon.app.picture_search import seeing
    from pinyon.models.zero_shot import ZeroShot

    if calibrate and not by_folder:
        raise typer.BadParameter(
            "only pictures in folders have known labels: add --by-folder", param_hint="--calibrate"
        )
    given = list(pictures_in(pictures, by_folder=by_folder))
    names = _labels(labels) if labels is not None else labels_of(given)
    if not names:
        raise typer.BadParameter(
            "say what a picture may be, or sort into folders and add --by-folder", param_hint="--labels"
        )
    embedder = seeing(default_models(session.data).get(model))
    sorter = ZeroShot(embedder, names, templates=template or None, temperature=temperature)
    with watching(session) as watch:
        watch.begin("pictures", len(given), "files")
        found = sort(sorter, given, most=top, calibrated=calibrate, progress=watch.seen, stop=watch.stopped)
    if session.as_json:
        session.output.json(_json(found))
        return
    _show(session, found)


def _labels(given: str) -> list[str]:
    path = Path(given)
    if "," not in given and path.is_file():
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [label.strip() for label in given.split(",") if label.strip()]


def _show(session: Session, found: Sorted) -> None:
    rows = [
        (
            str(one.path),
            *([one.truth] if found.report else []),
            ", ".join(f"{name} {_share(p)}" for name, p in one.labels),
        )
        for one in found.pictures
    ]
    session.output.table(("picture", *(["is"] if found.report else []), "labels"), rows)
    listed(session, [f"{clean(str(one.path))} ({one.reason})" for one in found.skipped], "passed over")
    if found.report is not None:
        _show_report(session, found.report)
    if found.calibration is not None:
        told = found.calibration
        session.output.line(
            f"temperature {told.temperature:.4g} (calibrated on {told.pictures:,} pictures: loss {told.loss:.3f}, was "
            f"{told.loss_before:.3f}; calibration error {told.error:.3f}, was {told.error_before:.3f})"
        )


def _show_report(session: Session, report: ConfusionReport) -> None:
    low, high = report.interval
    session.output.line()
    session.output.line(
        f"right: {_share(report.accuracy)} of {report.pictures:,} pictures (95 % interval {_share(low)} to "
        f"{_share(high)}; chance {_share(1 / len(report.labels))})",
        "bold",
    )
    rows = [
        (one.label, one.pictures, *("-" if share is None else _share(share) for share in (one.precision, one.recall)))
        for one in report.by_label
    ]
    session.output.table(("label", "pictures", "precision", "recall"), rows, ("pictures", "precision", "recall"))
    if len(report.labels) <= CELLS:
        session.output.line()
        session.output.table(
            ("is \\ called", *report.labels),
            [(label, *row) for label, row in zip(report.labels, report.counts, strict=True)],
            report.labels,
        )


def _share(value: float) -> str:
    return f"{value:.1%}"


def _json(found: Sorted) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "pictures": [
            {
                "path": str(one.path),
                "truth": one.truth or None,
                "labels": [{"label": n, "probability": p} for n, p in one.labels],
            }
            for one in found.pictures
        ],
        "skipped": [{"path": str(one.path), "reason": one.reason} for one in found.skipped],
        "report": None if found.report is None else asdict(found.report),
        "calibration": None if found.calibration is None else asdict(found.calibration),
        "temperature": found.temperature,
    }
