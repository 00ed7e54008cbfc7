"""Language models of transformers, on tiny ones with random weights: the text means nothing, the plumbing is real."""

from __future__ import annotations

import shutil
import threading
import warnings
from pathlib import Path

import pytest

from models.tiny_models import save_gpt, save_mamba, with_config
from pinyon.errors import ContextOverflowError, InvalidRequestError
from pinyon.models import ModelRegistry
from pinyon.types import ChatMessage, Generator

pytest.importorskip("transformers", reason='needs pip install "pinyon[transformers]"')
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

ASK = [ChatMessage("user", "the cat sleeps on")]


@pytest.fixture(scope="module", params=["gpt", "mamba"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = tmp_path_factory.mktemp("causal") / request.param
        return save_gpt(made) if request.param == "gpt" else save_mamba(made)


@pytest.fixture(scope="module")
def generator(folder: Path) -> Generator:
    return ModelRegistry().generator(f"hf:{folder}")


def test_the_text_is_what_the_library_itself_generates(folder: Path, generator: Generator) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt = tokenizer("user: the cat sleeps on\nassistant:", return_tensors="pt")["input_ids"]
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = AutoModelForCausalLM.from_pretrained(folder).eval()
        out = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=12, do_sample=False)
    expected = tokenizer.decode(out[0, prompt.shape[1] :], skip_special_tokens=True)
    stream = generator.generate(ASK, max_tokens=12)
    pieces = list(stream)
    assert "".join(pieces) == expected
    assert expected
    assert len(pieces) > 1
    assert stream.usage is not None
    assert stream.usage.prompt_tokens == prompt.shape[1]
    assert stream.usage.completion_tokens == out.shape[1] - prompt.shape[1]
    assert stream.finish_reason == ("length" if stream.usage.completion_tokens == 12 else "stop")


def test_a_stop_text_ends_the_answer_and_is_not_part_of_it(generator: Generator) -> None:
    whole = "".join(generator.generate(ASK, max_tokens=12))
    stop = whole[len(whole) // 2 :][:4]
    stream = generator.generate(ASK, max_tokens=12, stop=[stop])
    assert "".join(stream) == whole[: whole.index(stop)]
    assert stream.finish_reason == "stop"


def test_a_seed_repeats_what_chance_wrote(generator: Generator) -> None:
    def written(seed: int) -> str:
        return "".join(generator.generate(ASK, max_tokens=12, temperature=1.5, seed=seed))

    assert written(7) == written(7)
    assert len({written(seed) for seed in range(5)}) > 1


def test_closing_the_stream_ends_the_work(generator: Generator) -> None:
    stream = generator.generate(ASK, max_tokens=40)
    next(stream)
    stream.close()
    assert stream.finish_reason == "cancelled"
    assert stream.usage is not None
    assert stream.usage.completion_tokens < 40
    assert not [one for one in threading.enumerate() if one.name == "pinyon-generate"]
    assert list(stream) == []


def test_tokens_are_counted_by_the_models_own_tokenizer(generator: Generator) -> None:
    assert generator.count_tokens("the cat sleeps nowhere") == 4
    assert isinstance(generator, Generator)
    assert generator.identity.startswith("transformers sha256:")


def test_a_conversation_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generator = ModelRegistry().generator(f"hf:{save_gpt(tmp_path / 'gpt')}")
    assert generator.context_tokens == 64
    with pytest.raises(ContextOverflowError, match="takes 64 with its answer"):
        generator.generate([ChatMessage("user", "cat " * 80)], max_tokens=3)
    stream = generator.generate([ChatMessage("user", "cat " * 50)], max_tokens=60)
    assert stream.finish_reason is None
    "".join(stream)
    assert stream.usage is not None
    assert stream.usage.prompt_tokens + stream.usage.completion_tokens <= 64


def test_the_template_of_the_tokenizer_makes_the_prompt(tmp_path: Path) -> None:
    template = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}dog"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generator = ModelRegistry().generator(f"hf:{save_gpt(tmp_path / 'gpt', template=template)}")
    stream = generator.generate([ChatMessage("system", "a"), *ASK], max_tokens=2)
    "".join(stream)
    assert stream.usage is not None
    assert stream.usage.prompt_tokens == len("system a user the cat sleeps on dog".split())


def test_code_of_models_is_never_run(folder: Path, tmp_path: Path) -> None:
    remote = shutil.copytree(folder, tmp_path / "remote")
    with_config(remote, auto_map={"AutoModelForCausalLM": "trap.Trap"})
    with pytest.raises(InvalidRequestError, match="asks to run code of its own"):
        ModelRegistry().generator(f"hf:{remote}").generate(ASK, max_tokens=1)


@pytest.mark.parametrize(
    ("messages", "more", "said"),
    [
        ([], {}, "messages is empty"),
        ([ChatMessage("robot", "a")], {}, "role is 'robot'"),  # type: ignore[arg-type]
        ([*ASK, ChatMessage("system", "a")], {}, r"messages\[1\] is a system message, which must be the first"),
        ([ChatMessage("user", 3)], {}, "content is a int, not a text"),  # type: ignore[arg-type]
        (ASK, {"max_tokens": 0}, "max_tokens must be a whole number of at least 1, got 0"),
        (ASK, {"temperature": 3.0}, "temperature must be 0 to 2, got 3.0"),
        (ASK, {"temperature": float("nan")}, "temperature must be 0 to 2, got nan"),
        (ASK, {"stop": "end"}, "stop must be a list of texts"),
        (ASK, {"stop": [""]}, "stop must be a list of texts that are not empty"),
    ],
)
def test_what_cannot_be_a_request_is_refused(
    messages: list[ChatMessage], more: dict[str, object], said: str, generator: Generator
) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        generator.generate(messages, **{"max_tokens": 3, **more})  # type: ignore[arg-type]
