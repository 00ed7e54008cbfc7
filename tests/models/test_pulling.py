"""Models from the hub: only what was named, only weights that run no code, all of it or nothing."""

from __future__ import annotations

import json
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.hub_server import COMMIT, Hub, hub_server
from models.tiny_models import save_sentence_model
from pinyon.errors import InvalidRequestError, ModelUnavailableError, NotFoundError
from pinyon.models import ModelRegistry
from pinyon.models.pulling import RECORD, pull

pytest.importorskip("huggingface_hub", reason='needs pip install "pinyon[hub]"')
pytestmark = [pytest.mark.usefixtures("loopback"), pytest.mark.filterwarnings("default")]

SAFE = {"config.json": b"{}", "tokenizer.json": b"{}", "README.md": b"licence: mit", "model.safetensors": b"x" * 5_000}
MODELS = {
    "org/safe": {
        **SAFE,
        "pytorch_model.bin": b"pickle",
        "onnx/model.onnx": b"o",
        "train.py": b"code",
        "LICENSE": b"MIT",
    },
    "org/pickled": {"config.json": b"{}", "pytorch_model.bin": b"pickle"},
    "org/many": {"a-Q4.gguf": b"GGUF4", "a-Q8.gguf": b"GGUF88", "README.md": b""},
    "org/pipeline": {
        "model_index.json": b"{}",
        "all-in-one.safetensors": b"x" * 99,
        "unet/config.json": b"{}",
        "unet/diffusion_pytorch_model.safetensors": b"u",
        "unet/diffusion_pytorch_model.fp16.safetensors": b"h",
        "unet/diffusion_pytorch_model.bin": b"pickle",
        "vae/model.fp16.safetensors": b"v",
        "tokenizer/merges.txt": b"",
    },
    "org/escaping": {**SAFE, "../escaped.json": b"{}"},
    "org/coded": {**SAFE, "config.json": b'{"auto_map": {"AutoModel": "m.M"}}'},
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for variable in ("HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    with hub_server(MODELS) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def test_a_model_is_fetched_without_what_could_run_code(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = pull("org/safe", tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert found.folder == tmp_path / "org--safe"
    assert {path.name for path in found.folder.iterdir()} == {*SAFE, "LICENSE", RECORD}
    assert (found.folder / "model.safetensors").read_bytes() == SAFE["model.safetensors"]
    assert (found.revision, found.bytes) == (COMMIT, sum(map(len, SAFE.values())) + 3)
    assert json.loads((found.folder / RECORD).read_text())["revision"] == COMMIT
    assert seen[-1] == (found.bytes, found.bytes)
    assert not [path for path in hub.asked if path.endswith((".bin", ".py", ".onnx"))]
    assert [path.name for path in tmp_path.iterdir()] == ["org--safe"]


def test_of_a_pipeline_of_diffusers_each_part_is_fetched_once(hub: Hub, tmp_path: Path) -> None:
    assert sorted(pull("org/pipeline", tmp_path).files) == [
        "model_index.json",
        "tokenizer/merges.txt",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/model.fp16.safetensors",
    ]


@pytest.mark.torch
def test_a_model_that_was_pulled_is_found_by_its_name_and_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sentence_transformers")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = save_sentence_model(tmp_path / "made")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with hub_server({"org/tiny": files}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        pull("org/tiny", tmp_path / "store")
    embedder = ModelRegistry(store=tmp_path / "store").get("st:org/tiny")
    assert embedder.embed(["the cat"]).shape == (1, 32)
    assert embedder.identity == ModelRegistry().get(f"st:{folder}").identity


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("org/pickled", r"no weights in safetensors, ONNX or GGUF.*Its files: pytorch_model\.bin"),
        ("org/many", r"has its weights 2 times: choose one with --file.*a-Q4\.gguf, a-Q8\.gguf"),
        ("org/escaping", r"has a file '\.\./escaped\.json', whose name leads out of its folder"),
        ("org/coded", "asks to run code of its own"),
        ("not a name", "is no name of the hub"),
    ],
)
def test_what_cannot_be_read_safely_is_not_fetched(name: str, said: str, hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        pull(name, tmp_path / "store")
    assert not (tmp_path / "escaped.json").exists()
    assert not (tmp_path / "store" / name.replace("/", "--")).exists()


def test_one_of_several_weights_is_chosen_by_a_pattern(hub: Hub, tmp_path: Path) -> None:
    found = pull("org/many", tmp_path, pattern="*Q8.gguf")
    assert sorted(path.name for path in found.folder.iterdir()) == [RECORD, "README.md", "a-Q8.gguf"]
    with pytest.raises(InvalidRequestError, match=r"no weights in .* that match '\*Q5\*'"):
        pull("org/many", tmp_path, pattern="*Q5*")
    assert (found.folder / "a-Q8.gguf").exists(), "what was there stays when a later pull fails"


def test_an_unknown_model_is_not_found(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="the hub has no 'org/absent', or not for you"):
        pull("org/absent", tmp_path)


def test_a_hub_that_is_down_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ModelUnavailableError, match="the hub does not answer for 'org/safe'"):
            pull("org/safe", tmp_path)
