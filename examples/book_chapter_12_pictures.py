"""The multimodal practice of the book's chapter 12 (examples 12.15 to 12.25), with scores where the book judges by eye.

    python examples/book_chapter_12_pictures.py photos/867.png    # its prompt, and those of its neighbours, are beside

The environment names models. SEES: picture-words by default; the book's is clip:openai/clip-vit-base-patch32.
DESCRIBES and DRAWS: openai:gpt-4o and openai:gpt-image-1 by default, of OpenAI with your OPENAI_API_KEY, or of any
server that speaks its protocol, at OPENAI_BASE_URL. For many pictures, with intervals and tests: pinyon compare.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from pinyon import Pinecone
from pinyon.app import default_models
from pinyon.pictures import Cell, contact_sheet, read_picture, sidecar_caption
from pinyon.types import ChatMessage

SEES = os.environ.get("SEES", "picture-words")
DESCRIBES, DRAWS = os.environ.get("DESCRIBES", "openai:gpt-4o"), os.environ.get("DRAWS", "openai:gpt-image-1")
file = Path(sys.argv[1])
prompts = {path.stem: sidecar_caption(path).text for path in sorted(file.parent.glob("*.png"))}
pc, models = Pinecone(), default_models(os.environ.get("PINYON_DATA") or "./pinyon-data")

# %% 12.15, 12.16 What a model says of the picture
original = read_picture(file.read_bytes(), name=file.name)
question = ChatMessage("user", "Describe this picture in one paragraph.", (original,))
description = "".join(models.generator(DESCRIBES).generate([question], max_tokens=300)).strip()
print(description)

# %% 12.17 to 12.20 All prompts, embedded by the text side of the model that sees
if pc.has_index("llm-multimodal"):  # of an earlier run
    pc.delete_index("llm-multimodal")
pc.create_index_for_model("llm-multimodal", "aws", "us-east-1", {"model": SEES, "field_map": {"text": "prompt"}})
index = pc.Index("llm-multimodal")
index.upsert_records("", [{"_id": id, "prompt": prompt} for id, prompt in prompts.items()])

# %% 12.21, 12.22 The prompts nearest to the picture
hits = index.search("", query={"inputs": {"image": file}, "top_k": 3})["result"]["hits"]
for rank, hit in enumerate(hits, 1):
    print(rank, f"{hit['_score']:.4f}", hit["_id"], hit["fields"]["prompt"], "(true)" * (hit["_id"] == file.stem))

# %% 12.23, 12.24 Three pictures
texts = {"(b) description": description, "(c) prompt": prompts[file.stem], "(d) found": hits[0]["fields"]["prompt"]}
drawn = [models.image_generator(DRAWS).generate_pictures(text, size=(1024, 1024))[0] for text in texts.values()]

# %% 12.25 The figure, and how near each comes: cosines with the original
pictures = [original, *(read_picture(one.data, name="drawn", longest=1024) for one in drawn)]
vectors = models.get(SEES).embed_pictures(pictures)
scores = vectors @ vectors[0] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[0])
cells = []
for picture, score, title, text in zip(pictures, scores, ["(a)", *texts], [file.name, *texts.values()], strict=True):
    print(f"{score:.3f} {title}")
    cells.append(Cell(picture, f"{title} {score:.3f}", (text,)))
Path("figure.png").write_bytes(contact_sheet(cells).png)
