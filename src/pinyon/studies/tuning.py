"""What a tuning measured, with the words for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinyon.studies import tuning_report, tuning_words
from pinyon.studies.tuning_results import TuningResults
from pinyon.studies.words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Tuning(TuningResults):
    """Results with the words for them."""

    def to_json(self) -> dict[str, Any]:
        """With what was chosen and why, in every language, for readers that have only the file."""
        said = {one: list(filter(None, tuning_words.sentences(self, one))) for one in LANGUAGES}
        return {**TuningResults.to_json(self), "findings": said}

    def table(self, language: str = "en") -> str:
        """The front as aligned text, and what was chosen and why. language: "en" or "ko"."""
        return tuning_words.text(self, language)

    def save(self, folder: str | os.PathLike[str], language: str = "en") -> list[str]:
        """Write tuning.json, tuning.csv, report.html, and with matplotlib plot.png and plot.svg.

        Gives remarks, such as how to get plots where there are none.
        """
        target = Path(folder)
        self.write(target)
        return tuning_report.write(self, target, language)
