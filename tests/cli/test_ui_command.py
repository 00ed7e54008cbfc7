"""``pinyon ui``: a server on this machine, and a browser that is sent to its console."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import environment

Spawn = Callable[..., "subprocess.Popen[str]"]
Program = Callable[..., Any]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process is stopped by a signal")

ASK = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=20).read().decode())"


def ask(address: str) -> str:
    """By a process of its own: tests themselves use no network."""
    command = [sys.executable, "-c", ASK, address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """Where the browser of these tests writes the address that it is sent to."""
    return tmp_path / "visited"


@pytest.fixture
def browser(tmp_path: Path, visits: Path) -> str:
    script = tmp_path / "browser.sh"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > "{visits}.tmp" && mv "{visits}.tmp" "{visits}"\n')
    script.chmod(0o755)
    return f"{script} %s"


@contextmanager
def looking(spawn: Spawn, data: Path, *arguments: str, browser: str = "") -> Iterator[Any]:
    """What it said when it was ready; it is stopped in the end as Ctrl-C does it."""
    process = spawn("ui", "--json", *arguments, env=environment(data) | {"BROWSER": browser or "false"})
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=60)
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
        assert "Traceback" not in err


def test_the_browser_is_sent_to_a_console_that_is_there(spawn: Spawn, data: Path, visits: Path, browser: str) -> None:
    with looking(spawn, data, "--port", "0", browser=browser) as said:
        assert said["console"] == f"http://127.0.0.1:{said['port']}/console/"
        end = time.monotonic() + 30
        while not visits.exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert visits.read_text() == said["console"]
        assert '<div id="app">' in ask(said["console"])


def test_without_a_browser_it_prints_the_address(spawn: Spawn, data: Path, visits: Path, browser: str) -> None:
    process = spawn("ui", "--no-browser", "--port", "0", env=environment(data) | {"BROWSER": browser})
    assert process.stdout is not None
    line = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert line.startswith(f"The console of {data} is at http://127.0.0.1:")
    assert "no keys" in err
    assert not visits.exists()


def test_a_port_that_is_taken_is_left_to_whoever_has_it(spawn: Spawn, data: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        data.mkdir()
        (data / "pinyon.toml").write_text(f"port = {taken}\n")
        with looking(spawn, data, "--no-browser") as said:
            assert said["port"] not in (0, taken)


def test_it_listens_on_this_machine_only_whatever_the_settings_say(spawn: Spawn, data: Path) -> None:
    data.mkdir()
    (data / "pinyon.toml").write_text('host = "0.0.0.0"\n')
    with looking(spawn, data, "--port", "0", "--no-browser") as said:
        assert said["console"].startswith("http://127.0.0.1:")


def test_two_may_look_at_the_same_data(spawn: Spawn, data: Path) -> None:
    quiet = ("--port", "0", "--no-browser")
    with looking(spawn, data, *quiet) as first, looking(spawn, data, *quiet) as second:
        assert first["port"] != second["port"]
        assert '<div id="app">' in ask(second["console"])


def test_what_cannot_be_opened_is_said_with_the_address(spawn: Spawn, data: Path) -> None:
    variables = {**environment(data), "BROWSER": "false", "PATH": os.defpath, "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    process = spawn("ui", "--port", "0", "--json", env=variables)
    assert process.stdout is not None
    assert process.stderr is not None
    address = json.loads(process.stdout.readline())["console"]
    lines: list[str] = []
    while not any("No browser could be opened" in line for line in lines):
        lines.append(process.stderr.readline())
        assert lines[-1], lines
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert address in lines[-1]
