"""Pictures and texts in one space with transformers: a tiny CLIP that was trained here, and its relatives untrained."""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.tiny_clip import (
    KOREAN_LABELS,
    KOREAN_TEMPLATES,
    LABELS,
    TEMPLATES,
    TOKENS,
    draw,
    drawn,
    parts,
    save_image_processor,
    save_trained_clip,
    save_word_tokenizer,
)
from models.tiny_models import save_sentence_model
from pinyon import Pinecone
from pinyon.errors import InvalidRequestError, ModelUnavailableError, NotFoundError
from pinyon.models import ModelRegistry
from pinyon.models.files import read_models
from pinyon.models.zero_shot import ZeroShot, calibrate, confusion_report
from pinyon.types import Floats, Picture, PictureEmbedder

pytest.importorskip("torch", reason='needs pip install "pinyon[clip]"', exc_type=ImportError)
pytest.importorskip("transformers", reason='needs pip install "pinyon[clip]"', exc_type=ImportError)
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("default")]

CHANCE = 1 / len(LABELS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("trained") / "clip"
    made.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return save_trained_clip(made)


@pytest.fixture(scope="module")
def embedder(folder: Path) -> PictureEmbedder:
    found = ModelRegistry().get(f"clip:{folder}")
    assert isinstance(found, PictureEmbedder)
    return found


@pytest.fixture(scope="module")
def fresh() -> tuple[list[Picture], list[str]]:
    """Pictures that no training saw, and their labels."""
    return drawn(256, seed=99)


def described(tmp_path: Path, **keys: object) -> Any:
    """The embedder of a models.toml."""
    lines = ["[models.mine]", 'provider = "clip"', *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
    (tmp_path / "models.toml").write_text("\n".join(lines))
    return ModelRegistry(more=lambda: read_models(tmp_path / "models.toml", (), tmp_path / "models")).get("mine")


def theirs(folder: Path, texts: list[str], pictures: list[Picture], padding: Any = True) -> tuple[Floats, Floats, Any]:
    """Unit vectors of texts and pictures, and the scores of all pairs, as transformers itself gives them."""
    import torch
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(folder).eval()
    tokens = AutoTokenizer.from_pretrained(folder)(texts, padding=padding, return_tensors="pt")
    pixels = AutoImageProcessor.from_pretrained(folder, backend="pil")(
        images=[one.pixels for one in pictures], input_data_format="channels_last", return_tensors="pt"
    )
    with torch.inference_mode():
        found = model(**tokens, **pixels)
    return found.text_embeds.numpy(), found.image_embeds.numpy(), found.logits_per_image.numpy()


@pytest.mark.parametrize(("labels", "templates"), [(LABELS, TEMPLATES), (KOREAN_LABELS, KOREAN_TEMPLATES)])
def test_fresh_pictures_are_told_apart_by_labels_in_either_language(
    labels: tuple[str, ...],
    templates: tuple[str, ...],
    embedder: PictureEmbedder,
    fresh: tuple[list[Picture], list[str]],
    record_property: Callable[[str, object], None],
) -> None:
    pictures, truth = fresh
    judge = ZeroShot(embedder, labels, templates=templates)
    named = [labels[LABELS.index(label)] for label in truth]
    found = confusion_report(labels, named, [best[0][0] for best in judge.best(pictures)])
    record_property("record", f"zero-shot over {len(labels)} labels such as {labels[0]}: {found.accuracy:.3f}")
    assert found.accuracy >= 0.6
    assert found.interval[0] > 10 * CHANCE


def test_scores_are_those_of_transformers_itself(
    folder: Path, embedder: Any, fresh: tuple[list[Picture], list[str]]
) -> None:
    pictures = fresh[0][:40]
    texts, images, scores = theirs(folder, list(LABELS), pictures)
    np.testing.assert_allclose(embedder.embed(LABELS), texts, atol=1e-5)
    np.testing.assert_allclose(embedder.embed_pictures(pictures), images, atol=1e-5)
    judge = ZeroShot(embedder, LABELS, templates=["{}"])
    np.testing.assert_allclose(judge.cosines(pictures) * embedder.logit_scale, scores, atol=1e-4)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(judge.probabilities(pictures), powers / powers.sum(axis=1, keepdims=True), atol=1e-4)


def test_words_find_pictures_and_pictures_find_pictures_in_an_index(embedder: PictureEmbedder) -> None:
    rng = np.random.default_rng(5)
    labels = [label for label in LABELS for _ in range(4)]
    vectors = embedder.embed_pictures([draw(label, rng) for label in labels])
    with Pinecone(path=":memory:") as pc:
        pc.create_index("drawn", dimension=embedder.dimension, metric="cosine")
        index = pc.Index("drawn")
        index.upsert(
            [
                {"id": f"{at}", "values": vector.tolist(), "metadata": {"label": label}}
                for at, (vector, label) in enumerate(zip(vectors, labels, strict=True))
            ]
        )

        def share(queries: Floats) -> float:
            """Of the four best matches those with the right label; queries: one for each label."""
            found = [index.query(vector=one.tolist(), top_k=4, include_metadata=True).matches for one in queries]
            right = [
                match.metadata == {"label": label}
                for label, matches in zip(LABELS, found, strict=True)
                for match in matches
            ]
            scores = [match.score for match in [matches[0] for matches in found]]
            np.testing.assert_allclose(scores, (queries @ vectors.T).max(axis=1), atol=1e-5)
            return float(np.mean(right))

        shares = [share(embedder.embed(labels, input_type="query")) for labels in (LABELS, KOREAN_LABELS)]
        shares.append(share(embedder.embed_pictures([draw(label, rng) for label in LABELS])))
    assert min(shares) >= 0.6, shares


def test_calibration_makes_the_probabilities_of_a_real_model_truer(
    embedder: PictureEmbedder, fresh: tuple[list[Picture], list[str]]
) -> None:
    pictures, labels = fresh
    truth = [LABELS.index(label) for label in labels]
    judge = ZeroShot(embedder, LABELS, templates=TEMPLATES)
    cosines = judge.cosines(pictures)
    found = calibrate(cosines[:128], truth[:128], judge.temperature)
    assert found.loss <= found.loss_before
    held_out = calibrate(cosines[128:], truth[128:], found.temperature)
    assert held_out.loss_before < calibrate(cosines[128:], truth[128:], 100.0).loss_before


def test_a_registry_tells_what_it_is_before_it_is_loaded(folder: Path) -> None:
    info = ModelRegistry().describe(f"clip:{folder}")
    assert (info.type, info.tasks, info.modality, info.provider) == ("embed", ("embed",), "multimodal", "clip")
    assert ModelRegistry().describe(f"st:{folder}").modality == "text"


def test_text_beyond_the_token_limit_is_reported_and_does_not_count(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    embedder: Any = ModelRegistry().get(f"clip:{folder}")
    assert embedder.max_tokens == TOKENS
    exact, longer = "red " * (TOKENS - 2), "red " * (TOKENS - 2) + "blue square"
    with caplog.at_level(logging.WARNING, "pinyon.models"):
        embedder.embed(["a picture", exact])
    assert not caplog.records
    assert embedder.cut_texts == 0
    with caplog.at_level(logging.WARNING, "pinyon.models"):
        vectors = embedder.embed([exact, longer, "red circle"])
    [said] = caplog.messages
    assert f"takes {TOKENS} tokens of a text, and 1 of 3 texts had more, up to {TOKENS + 2}" in said
    assert "begins 'red red" in said
    assert embedder.cut_texts == 1
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


def test_fewer_tokens_can_be_described_and_more_cannot(folder: Path, tmp_path: Path) -> None:
    few = described(tmp_path, folder=str(folder), max_tokens=4)
    np.testing.assert_allclose(few.embed(["red circle blue square"]), few.embed(["red circle"]), atol=1e-6)
    assert few.cut_texts == 1
    assert described(tmp_path, folder=str(folder), max_tokens=500).max_tokens == TOKENS


def test_the_size_of_a_batch_changes_nothing(folder: Path, tmp_path: Path, embedder: PictureEmbedder) -> None:
    pictures, labels = drawn(7, seed=3)
    small = described(tmp_path, folder=str(folder), batch_size=2)
    np.testing.assert_allclose(small.embed_pictures(pictures), embedder.embed_pictures(pictures), atol=1e-5)
    np.testing.assert_allclose(small.embed(labels), embedder.embed(labels), atol=1e-5)
    assert embedder.embed([]).shape == embedder.embed_pictures([]).shape == (0, 32)
    assert embedder.embed(["red circle"]).dtype == embedder.embed_pictures(pictures).dtype == np.float32


def test_vectors_have_length_1_unless_the_description_says_otherwise(folder: Path, tmp_path: Path) -> None:
    pictures, labels = drawn(3, seed=4)
    raw = described(tmp_path, folder=str(folder), normalize=False)
    unit = described(tmp_path, folder=str(folder))
    of_pictures = raw.embed_pictures(pictures), unit.embed_pictures(pictures)
    for long, one in ((raw.embed(labels), unit.embed(labels)), of_pictures):
        np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1.0, atol=1e-5)
        assert np.abs(np.linalg.norm(long, axis=1) - 1.0).max() > 0.1
        np.testing.assert_allclose(long / np.linalg.norm(long, axis=1, keepdims=True), one, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 64), (64, 3), (1, 100), (100, 1), (33, 31)])
def test_pictures_of_any_shape_are_taken(shape: tuple[int, int], embedder: PictureEmbedder) -> None:
    pixels = np.full((*shape, 3), (220, 30, 30), np.uint8)
    upright = embedder.embed_pictures([Picture(pixels)])
    same = embedder.embed_pictures([Picture(np.full((32, 32, 3), (220, 30, 30), np.uint8))])
    np.testing.assert_allclose(upright, same, atol=1e-4)


@pytest.mark.parametrize(
    ("pictures", "said"),
    [
        (Picture(np.zeros((4, 4, 3), np.uint8)), "a single picture"),
        (["a.png"], r"pictures\[0\] is a str"),
        ([Picture(np.zeros((4, 4), np.uint8))], r"pixels of shape \(4, 4\)"),
        ([Picture(np.zeros((0, 4, 3), np.uint8))], r"pixels of shape \(0, 4, 3\)"),
        ([Picture(np.zeros((4, 4, 3), np.float32))], "type float32"),  # type: ignore[arg-type]
        ([Picture(np.zeros((2, 201, 3), np.uint8))], "is 201 x 2 pixels: no side may be more than 100 times"),
    ],
)
def test_what_is_no_picture_is_refused(pictures: Any, said: str, embedder: PictureEmbedder) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        embedder.embed_pictures(pictures)


def test_the_identity_is_that_of_the_files_and_of_what_changes_vectors(folder: Path, tmp_path: Path) -> None:
    found = ModelRegistry().get(f"clip:{folder}").identity
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert ModelRegistry().get(f"clip:{copy}").identity == found
    assert str(folder) not in found
    for change in ({"normalize": False}, {"max_tokens": 4}):
        assert described(tmp_path, folder=str(folder), **change).identity != found
    sized = json.loads((copy / "preprocessor_config.json").read_text())
    (copy / "preprocessor_config.json").write_text(json.dumps(sized | {"do_center_crop": False}))
    assert ModelRegistry().get(f"clip:{copy}").identity != found


def test_a_wrong_dimension_in_the_description_is_found_out(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"shape \(1, 32\), and 512 numbers"):
        described(tmp_path, folder=str(folder), dimension=512).embed(["red"])


def test_a_folder_without_safetensors_is_refused(folder: Path, tmp_path: Path) -> None:
    import torch

    pickled = shutil.copytree(folder, tmp_path / "pickled")
    (pickled / "model.safetensors").unlink()
    with pytest.raises(InvalidRequestError, match="holds no weights"):
        ModelRegistry().get(f"clip:{pickled}").embed(["red"])
    torch.save({"weight": torch.ones(1)}, pickled / "pytorch_model.bin")
    with pytest.raises(InvalidRequestError, match=r"only 'pytorch_model\.bin', a format that can run code"):
        ModelRegistry().get(f"clip:{pickled}").embed(["red"])


def test_a_folder_that_takes_no_pictures_is_refused(folder: Path, tmp_path: Path) -> None:
    texts_only = tmp_path / "bert"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from models.tiny_models import save_cross_encoder

        save_cross_encoder(texts_only)
    with pytest.raises(
        InvalidRequestError, match=r"of the kind 'bert', which does not put pictures and texts into one"
    ):
        ModelRegistry().get(f"clip:{texts_only}").embed(["red"])
    half = tmp_path / "half"
    from transformers import CLIPTextConfig, CLIPTextModel

    CLIPTextModel(CLIPTextConfig(**parts(60)["text_config"])).save_pretrained(half)
    with pytest.raises(InvalidRequestError, match=r"of the kind 'clip_text_model'.* is named st:"):
        ModelRegistry().get(f"clip:{half}").embed(["red"])


def test_a_folder_that_is_not_whole_is_refused_by_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    for file, said in (
        ("config.json", "has no config.json"),
        ("preprocessor_config.json", r"has no preprocessor_config\.json, which says how pictures are scaled"),
        ("tokenizer.json", "is not whole"),
    ):
        lacking = shutil.copytree(folder, tmp_path / file)
        (lacking / file).unlink()
        with pytest.raises(InvalidRequestError, match=said):
            ModelRegistry().get(f"clip:{lacking}").embed(["red"])
    cut = shutil.copytree(folder, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:1_000])
    with pytest.raises(InvalidRequestError, match="is not whole"):
        ModelRegistry().get(f"clip:{cut}").embed(["red"])
    coded = shutil.copytree(folder, tmp_path / "coded")
    config = json.loads((coded / "config.json").read_text())
    (coded / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "trap.Trap"}}))
    with pytest.raises(InvalidRequestError, match="asks to run code of its own"):
        ModelRegistry().get(f"clip:{coded}").embed(["red"])


def test_a_name_of_the_hub_means_a_pulled_model(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"'org/tiny' is not on this machine.*pinyon models pull clip:org/tiny"):
        ModelRegistry(store=tmp_path).get("clip:org/tiny").embed(["red"])
    shutil.copytree(folder, tmp_path / "org--tiny")
    assert ModelRegistry(store=tmp_path).get("clip:org/tiny").dimension == 32


def test_a_separate_text_model_takes_the_texts(folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("sentence_transformers", reason='needs pip install "pinyon[sentence-transformers]"')
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        texts = save_sentence_model(tmp_path / "bert")
    both = described(tmp_path, folder=str(folder), text_folder="bert")
    alone = ModelRegistry().get(f"st:{texts}")
    pictures, _ = drawn(3, seed=8)
    np.testing.assert_allclose(
        both.embed(["the cat sleeps", "고양이"]), alone.embed(["the cat sleeps", "고양이"]), atol=1e-5
    )
    np.testing.assert_allclose(
        both.embed_pictures(pictures), ModelRegistry().get(f"clip:{folder}").embed_pictures(pictures), atol=1e-6  # type: ignore[attr-defined]
    )  # fmt: skip
    assert both.identity != ModelRegistry().get(f"clip:{folder}").identity
    assert both.max_tokens == 64
    with caplog.at_level(logging.WARNING, "pinyon.models"):
        both.embed(["cat " * 70])
    assert "takes 64 tokens of a text, and 1 of 1 texts had more, up to 72" in caplog.text


def test_a_text_model_of_another_space_is_refused(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason='needs pip install "pinyon[sentence-transformers]"')
    import torch
    from transformers import CLIPConfig, CLIPModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save_sentence_model(tmp_path / "bert")
    wider = shutil.copytree(folder, tmp_path / "wider")
    torch.manual_seed(0)
    CLIPModel(CLIPConfig(**parts(60), projection_dim=48)).save_pretrained(wider)
    mixed = described(tmp_path, folder=str(wider), text_folder="bert")
    with pytest.raises(InvalidRequestError, match="32 numbers for a text and 48 for a picture: these are two spaces"):
        mixed.embed(["the cat"])


def test_where_the_texts_go_is_said_once(tmp_path: Path) -> None:
    for keys, said in (
        ({"folder": "a", "text_folder": "b", "text_hub": "c/d"}, "give either text_folder, a path, or text_hub"),
        ({"folder": "a", "text_hub": "c/d/e"}, "text_hub is 'c/d/e', which is no name of the hub"),
        ({"text_folder": "b"}, "give either folder, a path, or hub"),
    ):
        with pytest.raises(InvalidRequestError, match=said):
            described(tmp_path, **keys)


def save_letter_tokenizer(folder: Path) -> Any:
    """SigLIP 2 brings its own kind of tokenizer, here one that knows letters."""
    from transformers import Siglip2Tokenizer

    letters = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = Siglip2Tokenizer(vocab={letter: at for at, letter in enumerate(letters)}, model_max_length=2 * TOKENS)
    tokenizer.save_pretrained(folder)
    return tokenizer


def relative(kind: str, folder: Path) -> None:
    """A relative of CLIP with random weights, saved."""
    import torch
    import transformers

    folder.mkdir()
    torch.manual_seed(1)
    tokenizer = save_letter_tokenizer(folder) if kind == "siglip2" else save_word_tokenizer(folder)
    sizes = parts(len(tokenizer))
    text, vision = sizes["text_config"], sizes["vision_config"]
    text["max_position_embeddings"] = tokenizer.model_max_length
    if kind == "siglip2":
        vision = {key: value for key, value in vision.items() if key != "image_size"} | {"num_patches": 16}
        transformers.Siglip2ImageProcessorPil(patch_size=8, max_num_patches=16).save_pretrained(folder)
    else:
        save_image_processor(folder)
    if kind in ("siglip", "siglip2"):
        text |= {"projection_size": 64}
    if kind == "altclip":  # counts places as RoBERTa does, from the one after its padding
        text |= {"pad_token_id": 1, "max_position_embeddings": TOKENS + 2, "project_dim": 32, "type_vocab_size": 1}
    names = {"siglip": "Siglip", "siglip2": "Siglip2", "altclip": "AltCLIP", "chinese_clip": "ChineseCLIP"}
    config = getattr(transformers, f"{names[kind]}Config")(text_config=text, vision_config=vision)
    getattr(transformers, f"{names[kind]}Model")(config).save_pretrained(folder)


@pytest.mark.parametrize("kind", ["siglip", "siglip2", "altclip", "chinese_clip"])
def test_relatives_of_clip_give_the_vectors_of_transformers_itself(kind: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        relative(kind, tmp_path / kind)
    embedder: Any = ModelRegistry().get(f"clip:{tmp_path / kind}")
    pictures = [draw("red circle", np.random.default_rng(at), size=20 + 9 * at) for at in range(3)]
    padding: Any = "max_length" if kind.startswith("siglip") else True
    texts, images, _ = theirs(tmp_path / kind, ["red circle", "a picture of a blue square"], pictures, padding)
    np.testing.assert_allclose(embedder.embed(["red circle", "a picture of a blue square"]), texts, atol=1e-5)
    np.testing.assert_allclose(embedder.embed_pictures(pictures), images, atol=1e-5)
    assert embedder.max_tokens == (2 * TOKENS if kind == "siglip2" else TOKENS)
    assert embedder.embed(["red " * 40]).shape == (1, embedder.dimension)
    assert embedder.cut_texts == 1
    assert embedder.logit_scale > 0
