"""A GGUF model in this process: the offline default generator."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pinyon.errors import ContextOverflowError, InvalidRequestError, NotFoundError
from pinyon.models import MODELS, ModelRegistry
from pinyon.models.descriptions import missing_modules
from pinyon.models.threads import usable_cores
from pinyon.models.weights import resolve
from pinyon.types import ChatMessage, Generator

INFO = MODELS["smollm2"]
pytestmark = pytest.mark.skipif(bool(missing_modules(INFO)), reason=f"needs {INFO.install}")

SYSTEM = ChatMessage("system", "You are a helpful assistant.")
FRANCE = [SYSTEM, ChatMessage("user", "What is the capital of France?")]


@pytest.fixture(scope="module")
def smollm2() -> Generator:
    return ModelRegistry().generator("smollm2")


def test_it_answers_a_question(smollm2: Generator) -> None:
    stream = smollm2.generate(FRANCE, max_tokens=30)
    pieces = list(stream)
    assert "".join(pieces) == "The capital of France is Paris."
    assert len(pieces) > 3
    assert stream.finish_reason == "stop"
    assert stream.usage is not None
    assert (stream.usage.prompt_tokens, stream.usage.completion_tokens) == (27, 8)
    assert isinstance(smollm2, Generator)


def test_the_answer_does_not_depend_on_what_was_asked_before(smollm2: Generator) -> None:
    first = "".join(smollm2.generate(FRANCE, max_tokens=20))
    "".join(smollm2.generate([SYSTEM, ChatMessage("user", "What is a cat?")], max_tokens=5))
    assert "".join(smollm2.generate(FRANCE, max_tokens=20)) == first


def test_the_longest_answer_and_stop_texts_are_kept(smollm2: Generator) -> None:
    short = smollm2.generate(FRANCE, max_tokens=3)
    assert "".join(short) == "The capital of"
    assert short.finish_reason == "length"
    stopped = smollm2.generate(FRANCE, max_tokens=30, stop=["France"])
    assert "".join(stopped).strip() == "The capital of"
    assert stopped.finish_reason == "stop"


def test_a_seed_repeats_what_chance_wrote(smollm2: Generator) -> None:
    def written(seed: int) -> str:
        return "".join(smollm2.generate(FRANCE, max_tokens=12, temperature=1.2, seed=seed))

    assert written(3) == written(3)
    assert len({written(seed) for seed in range(3, 7)}) > 1


def test_closing_the_stream_ends_the_work(smollm2: Generator) -> None:
    stream = smollm2.generate([SYSTEM, ChatMessage("user", "Tell a very long story.")], max_tokens=2_000)
    next(stream)
    stream.close()
    assert stream.finish_reason == "cancelled"
    assert not [one for one in threading.enumerate() if one.name == "pinyon-llama"]
    assert "".join(smollm2.generate(FRANCE, max_tokens=3)) == "The capital of", "and the next one is answered"


def test_tokens_are_counted_by_the_models_own_tokenizer(smollm2: Generator) -> None:
    assert smollm2.count_tokens("") == 0
    assert smollm2.count_tokens("Hello world") == 2
    assert smollm2.count_tokens("안녕하세요") > 5


def test_a_conversation_that_is_too_long_is_refused_with_both_numbers(smollm2: Generator) -> None:
    assert smollm2.context_tokens == INFO.context_tokens == 4_096
    with pytest.raises(ContextOverflowError, match=r"the conversation has 50\d\d tokens, and the model takes 4096"):
        list(smollm2.generate([ChatMessage("user", "word " * 5_000)], max_tokens=3))


def test_threads_are_capped_and_the_weights_are_those_described(smollm2: Generator) -> None:
    file = resolve("smollm2", INFO.settings.path)
    assert "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest() == INFO.digest
    assert smollm2.identity == f"gguf {INFO.digest[:23]}"
    assert 1 <= smollm2.threads <= usable_cores()  # type: ignore[attr-defined]


def test_nobody_else_can_reach_the_model(smollm2: Generator) -> None:
    if sys.platform != "linux":
        pytest.skip("looks into /proc")
    smollm2.count_tokens("load it")
    sockets = {str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink() and one.exists()}
    inodes = {one.removeprefix("socket:[").rstrip("]") for one in sockets if one.startswith("socket:")}
    lines = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/self/net/{table}").read_text().splitlines()
    ]
    assert [line for line in lines if len(line) > 9 and line[3] == "0A" and line[9] in inodes] == []
    own = [line.split() for line in Path("/proc/self/net/unix").read_text().splitlines() if "pinyon-llama" in line]
    assert own
    assert all(Path(line[-1]).parent.stat().st_mode & 0o077 == 0 for line in own if Path(line[-1]).exists())


INTERRUPTED = """
import os, signal, threading, time
from pinyon.models import ModelRegistry
model = ModelRegistry().generator("smollm2")
thread = threading.Thread(target=model.count_tokens, args=("load it in another thread",))
thread.start()
thread.join()
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)
except KeyboardInterrupt:
    print(model.count_tokens("still here"))
"""


@pytest.mark.skipif(os.name != "posix", reason="the library's handler cannot be taken back on Windows")
def test_ctrl_c_stays_python_s_own_after_a_model_was_loaded() -> None:
    before = signal.getsignal(signal.SIGINT)
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "2", "")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"not a model", "is no GGUF file"), (b"GGUF" + bytes(200), "cannot be loaded as a GGUF model")],
)
def test_a_file_that_is_no_model_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    with pytest.raises(InvalidRequestError, match=said):
        ModelRegistry().generator(f"gguf:{file}").count_tokens("a")


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no '.*gone\.gguf'"):
        ModelRegistry().generator(f"gguf:{tmp_path}/gone.gguf").generate(FRANCE, max_tokens=1)
