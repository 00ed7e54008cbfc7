"""What a bare library lacks: metadata of its rows, kept in a dictionary and saved as one JSON file."""

from __future__ import annotations

import json
import operator
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.peers.contract import Conditions
from numpy.typing import NDArray

COMPARE = {"==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class Beside:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "metadata.json"
        self.rows: dict[int, dict[str, Any]] = {}

    def load(self) -> None:
        self.rows = {int(row): fields for row, fields in json.loads(self.path.read_text()).items()}

    def save(self) -> None:
        self.path.write_text(json.dumps(self.rows))

    def matching(self, conditions: Conditions) -> NDArray[np.int64]:
        """Rows that fit all conditions, ascending."""
        tests = [(field, COMPARE[op], value) for field, op, value in conditions]
        kept = (row for row, fields in self.rows.items() if all(test(fields[f], v) for f, test, v in tests))
        return np.sort(np.fromiter(kept, np.int64))
