"""Vision-language models of transformers, on a LLaVA so small that it is trained here to name the colour of a spot."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from models.tiny_models import with_config
from models.tiny_pictures import COLOURS, save_llava, spot
from pinyon.errors import ContextOverflowError, InvalidRequestError, NotFoundError
from pinyon.models import ModelRegistry
from pinyon.types import ChatMessage, Generator

pytest.importorskip("torch", reason='needs pip install "pinyon[transformers,pictures]"')
pytest.importorskip("transformers", reason='needs pip install "pinyon[transformers,pictures]"')
pytest.importorskip("PIL", reason='needs pip install "pinyon[transformers,pictures]"')
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

TEMPLATE = (
    "{% for m in messages %}{{ m.role.upper() }}: {% for part in m.content %}"
    "{% if part.type == 'image' %}<image>\n{% else %}{{ part.text }} {% endif %}{% endfor %}{% endfor %}ASSISTANT:"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return save_llava(tmp_path_factory.mktemp("vision") / "llava", steps=40)


@pytest.fixture(scope="module")
def generator(folder: Path) -> Generator:
    return ModelRegistry().generator(f"vlm:{folder}")


def test_it_says_what_it_sees(generator: Generator) -> None:
    said = {}
    for at, colour in enumerate([*COLOURS] * 3):
        stream = generator.generate([ChatMessage("user", "what", (spot(colour, seed=1_000 + at),))], max_tokens=4)
        said[at, colour] = "".join(stream).strip()
        assert stream.finish_reason == "stop"
    assert sum(colour == answer for (_, colour), answer in said.items()) >= 11, said


def test_the_text_is_what_the_library_itself_generates(folder: Path, generator: Generator) -> None:
    import torch
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    picture = spot("blue", seed=5)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        processor = AutoProcessor.from_pretrained(folder)
        model = AutoModelForImageTextToText.from_pretrained(folder).eval()
        made = processor(
            text="USER: <image>\nwhat ASSISTANT:", images=Image.fromarray(picture.pixels), return_tensors="pt"
        )
        out = model.generate(**made, max_new_tokens=6, do_sample=False)
    expected = processor.tokenizer.decode(out[0, made["input_ids"].shape[1] :], skip_special_tokens=True)
    stream = generator.generate([ChatMessage("user", "what", (picture,))], max_tokens=6)
    assert "".join(stream) == expected != ""
    assert stream.usage is not None
    assert stream.usage.prompt_tokens == made["input_ids"].shape[1] > 16, "one token for each of 16 patches, and words"


def test_several_pictures_or_none_are_taken(generator: Generator) -> None:
    two = generator.generate([ChatMessage("user", "what", (spot("red"), spot("blue", side=50)))], max_tokens=2)
    none = generator.generate([ChatMessage("system", "the cat"), ChatMessage("user", "what")], max_tokens=2)
    "".join(two), "".join(none)
    assert two.usage is not None
    assert none.usage is not None
    assert two.usage.prompt_tokens - none.usage.prompt_tokens > 28


def test_the_template_of_the_processor_makes_the_prompt(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generator = ModelRegistry().generator(f"vlm:{save_llava(tmp_path / 'llava', template=TEMPLATE)}")
    stream = generator.generate([ChatMessage("user", "the cat", (spot("red"),))], max_tokens=2)
    "".join(stream)
    assert stream.usage is not None
    # USER and a colon, 16 patches, two words, ASSISTANT and a colon; nothing that the tokenizer would begin with.
    assert stream.usage.prompt_tokens == 2 + 16 + 2 + 2


def test_pictures_count_against_the_context(folder: Path, generator: Generator) -> None:
    assert generator.context_tokens == 128
    assert generator.count_tokens("the cat") == 2
    assert isinstance(generator, Generator)
    assert generator.identity.startswith("transformers sha256:")
    with pytest.raises(ContextOverflowError, match=r"tokens with its pictures, and model .* takes 128 with its answer"):
        generator.generate([ChatMessage("user", "what", (spot("red"),) * 8)], max_tokens=2)


def test_code_of_models_is_never_run(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = save_llava(tmp_path / "remote")
    with_config(folder, auto_map={"AutoModelForImageTextToText": "trap.Trap"})
    with pytest.raises(InvalidRequestError, match="asks to run code of its own"):
        ModelRegistry().generator(f"vlm:{folder}").generate([ChatMessage("user", "a")], max_tokens=1)


def test_a_model_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="pinyon models pull vlm:org/tiny"):
        ModelRegistry(store=tmp_path).generator("vlm:org/tiny").generate([ChatMessage("user", "a")], max_tokens=1)
