"""Exit codes, terminals, pipes and Ctrl-C, with the program in a process of its own."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Spawn = Callable[..., "subprocess.Popen[str]"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are a matter of POSIX")


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    with process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ls"], 0),
        (["create", "vectors", "--dimension", "3"], 1),
        (["frobnicate"], 2),
        (["query", "vectors"], 2),
        (["rm", "vectors", "--all"], 2),
        (["get", "vectors", "nobody"], 3),
        (["info", "nothing"], 3),
    ],
)
def test_exit_codes(spawn: Spawn, vectors: str, arguments: list[str], code: int) -> None:
    found, _, err = finish(spawn(*arguments))
    assert found == code
    assert "Traceback" not in err


def test_a_misspelt_command_gets_a_suggestion(spawn: Spawn) -> None:
    code, _, err = finish(spawn("serach"))
    assert code == 2
    assert "'search'" in err


def test_an_error_is_a_sentence_with_its_code_and_no_colour_in_a_pipe(spawn: Spawn, vectors: str) -> None:
    code, out, err = finish(spawn("query", vectors, "--vector", "[1]"))
    assert (code, out) == (1, "")
    assert err.startswith("Error [INVALID_ARGUMENT]: ")
    assert "\x1b" not in err


def test_with_json_an_error_is_json_on_stderr(spawn: Spawn, vectors: str) -> None:
    _, out, err = finish(spawn("query", vectors, "--vector", "[1]", "--json"))
    assert out == ""
    assert json.loads(err)["error"]["exit_code"] == 1


def test_a_reader_that_goes_away_is_no_error_message(spawn: Spawn, vectors: str) -> None:
    process = spawn("get", vectors, *["a"] * 5000, "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(60)
    assert "Traceback" not in err


def test_a_terminal_that_knows_no_korean_gets_question_marks(data: Path, tmp_path: Path, spawn: Spawn) -> None:
    file = tmp_path / "k.jsonl"
    file.write_text('{"id": "k", "values": [1, 2], "note": "휴가"}\n', encoding="utf-8")
    finish(spawn("ingest", "vectors", file))
    environment = {**os.environ, "PINYON_DATA": str(data), "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    western = {**environment, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    code, out, _ = finish(spawn("get", "vectors", "k", env=western))
    assert (code, out) == (0, "k\n  note: ??\n")
    code, out, _ = finish(spawn("get", "vectors", "k", "--json", env=western))
    assert json.loads(out)["metadata"]["note"] == "휴가"


class Terminal:
    """The program on a pseudo-terminal."""

    def __init__(self, spawn: Spawn, *arguments: object, **environment: str) -> None:
        import pty

        self.master, slave = pty.openpty()
        env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        env |= {"TERM": "xterm-256color", "COLUMNS": "100", "PYTHONFAULTHANDLER": "1", **environment}
        self.process = spawn(*arguments, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True)
        os.close(slave)
        self.text = ""

    def until(self, pattern: str) -> str:
        deadline = time.monotonic() + 60
        while not re.search(pattern, self.text):
            assert time.monotonic() < deadline, self.text
            if not self._read():
                raise AssertionError(f"ended without {pattern!r}: {self.text}")
        return self.text

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def interrupt(self) -> None:
        """SIGINT, again when it came just before the process began to wait for input, as a person would press again."""
        for _ in range(20):
            self.process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + 2
            while time.monotonic() < deadline:
                if self.process.poll() is not None:
                    return
                time.sleep(0.02)

    def end(self) -> int:
        while self._read():
            pass
        os.close(self.master)
        return self.process.wait(60)

    def _read(self) -> bool:
        if not select.select([self.master], [], [], 60)[0]:
            self.process.send_signal(signal.SIGABRT)  # it says where it hangs
            self.process.wait(60)
            raise AssertionError(self.text + os.read(self.master, 65536).decode("utf-8", "replace"))
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)


@pytest.fixture
def terminal(spawn: Spawn, data: Path) -> Callable[..., Terminal]:
    source = str(Path(__file__).parents[2] / "src")

    def start(*arguments: object, **environment: str) -> Terminal:
        return Terminal(spawn, *arguments, PINYON_DATA=str(data), PYTHONPATH=source, **environment)

    return start


@posix
@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 2), ("n\n", 1, 3), ("\x03", 130, 3)])
def test_a_terminal_is_asked_before_anything_is_removed(
    terminal: Callable[..., Terminal], spawn: Spawn, vectors: str, answer: str, code: int, left: int
) -> None:
    asked = terminal("rm", vectors, "--id", "a")
    asked.until(r"Remove 1 record\(s\)\? \[y/N\]: ")
    assert "  a\r\n" in asked.text
    if answer == "\x03":
        # The terminal is not the controlling one of the process, so the key is sent as the signal it stands for.
        asked.interrupt()
    else:
        asked.type(answer)
    assert asked.end() == code, asked.text
    _, out, _ = finish(spawn("info", vectors, "--json"))
    assert json.loads(out)["records"] == left


@posix
def test_errors_are_red_on_a_terminal_unless_no_color_is_set(terminal: Callable[..., Terminal], vectors: str) -> None:
    coloured = terminal("get", vectors, "nobody")
    assert coloured.end() == 3
    assert "\x1b[1;31m" in coloured.text
    plain = terminal("get", vectors, "nobody", NO_COLOR="1")
    assert plain.end() == 3
    assert "\x1b[1;31m" not in plain.text
    assert "Error [NOT_FOUND]: no record 'nobody'" in plain.text


@posix
def test_a_bar_shows_on_a_terminal_and_goes_away(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    file = tmp_path / "v.jsonl"
    file.write_text("".join(json.dumps({"id": str(n), "values": [1, n]}) + "\n" for n in range(2000)), encoding="utf-8")
    shown = terminal("import", "vectors", file)
    assert shown.end() == 0
    assert "━" in shown.text
    assert "imported 2,000 records into 'vectors' (new)" in shown.text
