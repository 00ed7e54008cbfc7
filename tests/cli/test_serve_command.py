"""``pinyon serve``: what it is told, what it tells, and that a client finds it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pinyon.app import pointing
from pinyon.app.settings import load, names
from pinyon.errors import InvalidRequestError, NotFoundError, PinyonError
from pinyon.limits import Limits
from pinyon.server.settings import RequestLimits, Settings

Program = Callable[..., Any]
Spawn = Callable[..., "subprocess.Popen[str]"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="a process is stopped by a signal")

ASK = """
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
connection.request(sys.argv[2], sys.argv[3], headers=json.loads(sys.argv[4]))
answer = connection.getresponse()
print(json.dumps([answer.status, answer.read().decode()]))
"""


def ask(port: int, path: str, key: str = "", method: str = "GET") -> tuple[int, str]:
    """By a process of its own: tests themselves use no network."""
    headers = json.dumps({"Api-Key": key} if key else {})
    command = [sys.executable, "-c", ASK, str(port), method, path, headers]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    status, body = json.loads(done.stdout)
    return status, body


@contextmanager
def serving(spawn: Spawn, *arguments: str) -> Iterator[tuple[Any, subprocess.Popen[str]]]:
    """(what it said when it was ready, the process), stopped at the end as Ctrl-C does it."""
    process = spawn("serve", "--port", "0", "--json", *arguments)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=60)
        yield json.loads(line), process
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
        assert "Traceback" not in err


# -- a server of its own ----------------------------------------------------------------------------------------------


@posix
def test_it_serves_until_ctrl_c_and_says_where(spawn: Spawn, data: Path) -> None:
    with serving(spawn) as (said, _):
        assert said["url"] == f"http://127.0.0.1:{said['port']}"
        assert said["console"] == f"{said['url']}/console/"
        assert said["environment"]["PINECONE_CONTROLLER_HOST"] == said["url"]
        assert any("no keys" in one for one in said["warnings"])
        assert ask(said["port"], "/livez") == (200, '{"status":"ok"}')
        assert ask(said["port"], "/indexes", "any")[0] == 200
    assert (data / "catalog.sqlite").exists()


@posix
def test_a_key_made_while_it_runs_is_asked_for_from_then_on(spawn: Spawn, pinyon: Program) -> None:
    with serving(spawn) as (said, _):
        port = said["port"]
        assert ask(port, "/version")[0] == 200
        secret = pinyon("keys", "create", "laptop").out.strip()
        time.sleep(0.6)
        assert ask(port, "/version")[0] == 401
        assert ask(port, "/version", secret)[0] == 200
        pinyon("keys", "revoke", "laptop", "--yes")
        assert ask(port, "/version", secret)[0] == 401


@posix
def test_a_key_of_the_command_line_is_asked_for(spawn: Spawn) -> None:
    with serving(spawn, "--key", "pclocal", "--key", "second-key") as (said, _):
        assert "PINECONE_API_KEY" not in said["environment"]
        assert [ask(said["port"], "/version", key)[0] for key in ("", "pclocal", "second-key", "x")] == [
            401,
            200,
            200,
            401,
        ]
        assert "pclocal" not in json.dumps(said)


@posix
def test_people_are_told_how_to_point_each_sdk_at_it(spawn: Spawn) -> None:
    process = spawn("serve", "--port", "0", "--host-style", "bare")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(8)]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    text = "".join(lines)
    assert "Ctrl-C stops it" in lines[0]
    assert lines[1].startswith("Look at it in a browser: http://127.0.0.1:")
    assert "export PINECONE_CONTROLLER_HOST=http://127.0.0.1:" in text
    assert "export PINECONE_GRPC_SCHEME=http" in text
    assert "GRPCClientConfig(secure=False)" in text
    assert "no keys" in err


def test_an_open_address_without_a_key_is_refused_with_the_way_out(pinyon: Program, data: Path) -> None:
    answer = pinyon("serve", "--host", "0.0.0.0", "--port", "0", code=1)
    assert "Error [FAILED_PRECONDITION]" in answer.err
    assert "pinyon keys create" in answer.err
    assert "--insecure" in answer.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--set", "top_k=5"], 1, "Did you mean 'limits.top_k'?"),
        (["--set", "limits.top_k"], 2, "NAME=VALUE"),
        (["--set", "limits.top_k=many"], 1, "a number"),
        (["--tls", "cert.pem"], 1, "CERTIFICATE,KEY"),
        (["--limits", "none"], 2, "pinecone"),
        (["--config", "nowhere.toml"], 3, "no settings file"),
        (["--workers", "0"], 2, "workers"),
        (
            ["--picture-origin", "https://a.example", "--picture-origin", "b.example"],
            1,
            "'b.example', which is no origin",
        ),
    ],
)
def test_what_cannot_be_served_is_said(pinyon: Program, arguments: list[str], code: int, said: str) -> None:
    assert said in pinyon("serve", "--port", "0", *arguments, code=code).err


def test_without_its_extra_it_says_what_to_install(spawn: Spawn, tmp_path: Path) -> None:
    (tmp_path / "httptools.py").write_text("raise ModuleNotFoundError('No module named httptools', name='httptools')")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2] / "src")])
    environment = {**os.environ, "PYTHONPATH": path, "PINYON_DATA": str(tmp_path / "data")}
    with spawn("serve", "--port", "0", env=environment) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Error [MISSING_EXTRA]" in err
    assert "pip install 'pinyon[server]'" in err


# -- the environment of clients ---------------------------------------------------------------------------------------


def test_env_prints_exports_that_a_shell_takes(pinyon: Program) -> None:
    out = pinyon("serve", "--env", "--port", "6000").out
    done = subprocess.run(
        [
            "sh",
            "-c",
            f'{out}\nprintf "%s|%s|%s" "$PINECONE_CONTROLLER_HOST" "$PINECONE_API_KEY" "$PINECONE_GRPC_SCHEME"',
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "http://127.0.0.1:6000|pclocal|http"


def test_env_shows_no_key_and_says_where_keys_come_from(pinyon: Program) -> None:
    for answer in (
        pinyon("serve", "--env", "--key", "hush-hush"),
        (pinyon("keys", "create", "x"), pinyon("serve", "--env"))[1],
    ):
        assert "hush" not in answer.out
        assert "# export PINECONE_API_KEY=...  (one of the server's keys; `pinyon keys create` makes one)" in answer.out


def test_env_under_tls_names_the_authority(pinyon: Program, data: Path) -> None:
    found = pinyon("serve", "--env", "--tls", "auto", "--json").json
    assert found["PINECONE_CONTROLLER_HOST"] == "https://localhost:5080"
    assert "PINECONE_GRPC_SCHEME" not in found
    own = (data / "tls" / "ca.pem").read_text()
    assert Path(found["NODE_EXTRA_CA_CERTS"]).read_text() == own
    assert Path(found["SSL_CERT_FILE"]).read_text().endswith(own)
    assert pinyon("serve", "--env", "--tls", "auto", "--json").json == found


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(), "http://127.0.0.1:1"),
        (Settings(host="0.0.0.0"), "http://localhost:1"),
        (Settings(host="::1"), "http://[::1]:1"),
        (Settings(host="[::]"), "http://localhost:1"),
        (Settings(tls="auto"), "https://localhost:1"),
        (Settings(host="db.example", tls=(Path("c"), Path("k"))), "https://db.example:1"),
    ],
)
def test_the_address_for_clients(settings: Settings, url: str) -> None:
    assert pointing.url_of(settings, 1) == url


# -- settings ---------------------------------------------------------------------------------------------------------


def test_flags_beat_the_environment_and_that_beats_the_file(data: Path) -> None:
    data.mkdir()
    (data / "pinyon.toml").write_text('port = 1\nregion = "a"\ncloud = "gcp"\n[limits]\ntop_k = 7\n')
    environment = {"PINYON_PORT": "2", "PINYON_REGION": "b", "PINYON_DATA": "ignored", "PINYON_NIGHTLY": "1"}
    found = load(data, environment=environment, flags={"port": 3, "host": None})
    assert (found.port, found.region, found.cloud, found.limits.top_k, found.data) == (3, "b", "gcp", 7, data)


def test_every_setting_and_every_limit_can_be_set_in_each_way(tmp_path: Path) -> None:
    numbers = {name: kind for name, kind in names().items() if kind in (int, float)}
    assert {f"limits.{name}" for name in Limits.__dataclass_fields__} <= numbers.keys()
    assert {f"requests.{name}" for name in RequestLimits.__dataclass_fields__} <= numbers.keys()
    for name in numbers:
        table, _, inner = name.rpartition(".")
        file = tmp_path / "one.toml"
        file.write_text(f"[{table}]\n{inner} = 12\n" if table else f"{name} = 12\n")
        ways = (
            load(file=file, environment={}),
            load(environment={f"PINYON_{name.upper().replace('.', '_')}": "12"}),
            load(environment={}, flags={name: "12"}),
        )
        for found in ways:
            assert getattr(getattr(found, table) if table else found, inner) == 12, name


def test_sizes_lists_and_switches_are_read_as_people_write_them(tmp_path: Path) -> None:
    found = load(
        environment={
            "PINYON_REQUESTS_BODY_BYTES": "8 MiB",
            "PINYON_KEYS": "one, two",
            "PINYON_INSECURE": "yes",
            "PINYON_IMPORT_ROOTS": "/a,/b",
            "PINYON_TLS": "c.pem, k.pem",
            "PINYON_LIMITS_WRITE_WAIT": "0.5",
        }
    )
    assert found.requests.body_bytes == 8 * 1024 * 1024
    assert (found.keys, found.insecure, found.import_roots) == (("one", "two"), True, (Path("/a"), Path("/b")))
    assert (found.tls, found.limits.write_wait) == ((Path("c.pem"), Path("k.pem")), 0.5)
    assert load(environment={"PINYON_TLS": "auto"}).tls == "auto"
    assert load(environment={"PINYON_TLS": "off"}).tls is None


def test_paths_in_a_file_are_relative_to_it(tmp_path: Path) -> None:
    file = tmp_path / "conf" / "server.toml"
    file.parent.mkdir()
    file.write_text('tls = ["cert.pem", "key.pem"]\nimport_roots = ["in", "/abs"]\n')
    found = load(file=file, environment={})
    assert found.tls == (file.parent / "cert.pem", file.parent / "key.pem")
    assert found.import_roots == (file.parent / "in", Path("/abs"))


def test_pinecones_limits_are_a_set_that_single_values_change(tmp_path: Path) -> None:
    found = load(environment={}, flags={"limits": "pinecone"})
    assert found.requests.decoded_bytes == 2 * 1024 * 1024
    changed = load(environment={"PINYON_LIMITS": "pinecone", "PINYON_REQUESTS_DECODED_BYTES": "3000000"})
    assert changed.requests.decoded_bytes == 3_000_000
    assert changed.requests.body_bytes == found.requests.body_bytes
    file = tmp_path / "s.toml"
    for text in ('limits = "pinecone"\n', '[limits]\npreset = "pinecone"\n'):
        file.write_text(text)
        assert load(file=file, environment={}).requests == found.requests
    assert load(environment={}).requests.decoded_bytes == 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "Did you mean 'port'?"),
        ("[limit]\ntop_k = 1", "Did you mean 'limits'?"),
        ("[limits]\ntop_kk = 1", "Did you mean 'limits.top_k'?"),
        ("port = true", "a whole number"),
        ("port = 1.5", "a whole number"),
        ('port = "x"', "a number"),
        ("port = -1", "0 to 65535"),
        ('log_level = "loud"', "one of debug, info, warning, error"),
        ("keys = [1]", "a list of texts"),
        ('keys = [""]', "a list of texts"),
        ('insecure = "perhaps"', "true or false"),
        ("port = ", "not valid TOML"),
        ('[limits]\npreset = "none"', "There are: default, pinecone"),
        ("[requests]\nrecords = 0", "at least 1"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "pinyon.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(InvalidRequestError) as caught:
        load(file=file, environment={})
    assert said in caught.value.message


def test_a_misspelt_variable_is_refused_and_a_strangers_is_not() -> None:
    with pytest.raises(InvalidRequestError, match="Did you mean PINYON_PORT"):
        load(environment={"PINYON_PROT": "1"})
    with pytest.raises(InvalidRequestError, match="Did you mean PINYON_KEYS"):
        load(environment={"PINYON_KEY": "1"})
    assert load(environment={"PINYON_TEST_SEED": "1", "OTHER_PORT": "2"}) == Settings()


def test_a_refused_key_is_not_quoted() -> None:
    with pytest.raises(PinyonError) as caught:
        load(environment={}, flags={"keys": ["hush", 5]})
    assert "hush" not in str(caught.value)


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(NotFoundError, match="no settings file"):
        load(file=Path("nowhere.toml"), environment={})


@posix
def test_a_file_with_keys_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "pinyon.toml"
    file.write_text('keys = ["hush"]')
    file.chmod(0o644)
    with pytest.warns(UserWarning, match="chmod 600"):
        load(file=file, environment={})
    file.chmod(0o600)
    assert load(file=file, environment={}).keys == ("hush",)


@posix
def test_a_settings_file_may_lie_in_a_directory_that_is_new(spawn: Spawn, data: Path) -> None:
    data.mkdir()
    (data / "pinyon.toml").write_text("slow_query_ms = 5\n")
    with serving(spawn) as (said, _):
        assert ask(said["port"], "/readyz")[0] == 200
