"""Models of real architectures with random weights, made and saved in a moment. They show plumbing, never quality."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WORDS = "the cat dog sleeps runs on sofa market stocks fell sharply today 고양이 강아지 잔다 a b c d e f g h".split()


def save_tokenizer(
    folder: Path, *, template: str = "", more: Sequence[str] = (), most: int = 64, end: str = " [SEP]"
) -> Any:
    """A fast tokenizer of whole words with the special tokens that BERT has, saved. more: words. most: tokens. end:
    what is written after every text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: at for at, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *more])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single=f"[CLS] $A{end}", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", eos_token="[SEP]", model_max_length=most,
    )  # fmt: skip
    if template:
        tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return tokenizer


def bert_config(**more: Any) -> Any:
    from transformers import BertConfig

    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return BertConfig(vocab_size=len(WORDS) + 5, max_position_embeddings=64, **size, **more)


def save_sentence_model(folder: Path, *, seed: int = 0) -> Path:
    """An embedder as sentence-transformers saves it: tiny BERT, mean pooling; 32 numbers, 64 tokens."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BertModel

    torch.manual_seed(seed)
    inner = folder.with_name(folder.name + "-bert")
    BertModel(bert_config()).save_pretrained(inner)
    save_tokenizer(inner)
    SentenceTransformer(str(inner), device="cpu").save(str(folder), create_model_card=False)
    return folder


def save_cross_encoder(folder: Path) -> Path:
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(0)
    BertForSequenceClassification(bert_config(num_labels=1)).save_pretrained(folder)
    save_tokenizer(folder)
    return folder


def save_mamba(folder: Path) -> Path:
    import torch
    from transformers import MambaConfig, MambaForCausalLM

    torch.manual_seed(7)  # which writes several words
    size = {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8, "vocab_size": len(WORDS) + 5}
    MambaForCausalLM(MambaConfig(initializer_range=0.3, eos_token_id=3, pad_token_id=0, **size)).save_pretrained(folder)
    save_tokenizer(folder)
    return folder


def save_gpt(folder: Path, *, template: str = "") -> Path:
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(7)  # which writes several words
    size = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64, "vocab_size": len(WORDS) + 5}
    GPT2LMHeadModel(GPT2Config(initializer_range=0.3, bos_token_id=2, eos_token_id=3, **size)).save_pretrained(folder)
    save_tokenizer(folder, template=template)
    return folder


def with_config(folder: Path, **changes: Any) -> None:
    """Changes keys of the folder's config.json."""
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
