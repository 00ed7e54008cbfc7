"""The assistant client of SDK 10 works against ``pinyon serve``: answers cite the right file and the right page."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from benchmarks._office import pdf_file

from pinyon.models.descriptions import MODELS, missing_modules
from sdk.places import Serving, environment

CALLS = Path(__file__).with_name("assistant_calls.py")
PAGES = [
    ["The lighthouse stands on a rock.", "It was built by hand in 1868, and it is painted white."],
    ["The lighthouse has forty panels of solar cells.", "They charge the lamp while the sun shines."],
    ["The keeper lives in a house of stone.", "He rows to the village once a week."],
]
KOREAN = """# 온돌

온돌은 아궁이에서 불을 때어 방바닥을 데우는 난방 방법입니다. 구들장은 주로 화강암으로 만듭니다.
"""

pytestmark = pytest.mark.skipif(
    bool(missing_modules(MODELS["smollm2"])), reason=f"smollm2 is not installed: {MODELS['smollm2'].install}"
)


def _names() -> list[str]:
    """The checks of that file, which cannot be imported here, where the SDK is not."""
    found = ast.walk(ast.parse(CALLS.read_text(encoding="utf-8")))
    return [node.name for node in found if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")]


@pytest.fixture(scope="session")
def outcome(server: Serving, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the checks found: {"problems": by name, "methods": all there are, "called": those that were called}."""
    pytest.importorskip("pypdfium2")
    pdf = tmp_path_factory.mktemp("files") / "lighthouse.pdf"
    pdf.write_bytes(pdf_file(PAGES))
    settings = {"url": server.url, "key": server.key, "pdf": str(pdf), "korean": KOREAN}
    command = [str(environment("sdk10")), str(CALLS), json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {"problems": {line["check"]: line["problem"] for line in lines if "check" in line}, **lines[-1]}


@pytest.mark.parametrize("name", _names())
def test_the_assistant_client_works(name: str, outcome: dict[str, Any]) -> None:
    assert not outcome["problems"][name], outcome["problems"][name]


def test_every_public_method_of_the_assistant_client_is_called(outcome: dict[str, Any]) -> None:
    assert set(outcome["methods"]) - set(outcome["called"]) == {
        "Assistants.evaluate_alignment",  # answers 501
        "Assistants.evaluation",
    }
