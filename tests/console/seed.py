"""Fills a server for the tests of the console, or to look at it: ``python tests/console/seed.py URL [KEY]``.

Indexes: ``films`` (embeds its texts itself; English and Korean), ``points`` (20,000 rows of 64 numbers in 40
clusters), ``words`` (sparse), ``hostile`` (texts that would do harm, and strange ones). An assistant: ``library``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from console.hostile import STRANGE, TEXTS

POINTS, NUMBERS, CLUSTERS = 20_000, 64, 40
TOPICS = ("space", "sea", "forest", "city", "desert", "island", "mountain", "river")
PLACES = {
    "space": ("a station beyond Saturn", "토성 너머의 우주 정거장"),
    "sea": ("a ship that never comes home", "돌아오지 않는 배"),
    "forest": ("an old pine forest", "오래된 소나무 숲"),
    "city": ("the last tram of the night", "밤의 마지막 전차"),
    "desert": ("a well in the desert", "사막의 우물"),
    "island": ("an island without clocks", "시계 없는 섬"),
    "mountain": ("a hut above the clouds", "구름 위의 오두막"),
    "river": ("a ferry on a wide river", "넓은 강의 나룻배"),
}
PEOPLE = (
    ("two sisters look for their father", "두 자매가 아버지를 찾는다"),
    ("a painter forgets every colour but blue", "한 화가가 파란색을 뺀 모든 색을 잊는다"),
    ("a cook and a thief become friends", "요리사와 도둑이 친구가 된다"),
    ("an engineer hears music in the machines", "한 기술자가 기계에서 음악을 듣는다"),
    ("a boy teaches an owl to read", "한 소년이 부엉이에게 글을 가르친다"),
)
DOCUMENT = """# The pinyon pine

## Seeds

Pinyon pines grow slowly. A tree bears its first seeds after about 25 years, and a good harvest comes every four to
seven years. The seeds are eaten raw or roasted.

## Birds

Pinyon jays bury the seeds in the ground. One bird may hide 2,600 seeds in a single autumn, and what it does not find
again grows into new trees.

## 한국의 잣나무

잣나무는 가을에 잣송이를 맺습니다. 한 송이에는 잣이 백 개쯤 들어 있습니다.
"""


def films() -> list[dict[str, Any]]:
    """320 records: every place and person, four times, in both languages by turns."""
    found = []
    for number in range(320):
        topic, person = TOPICS[number % 8], PEOPLE[number // 8 % 5]
        korean = number // 40 % 2
        place, who = PLACES[topic][korean], person[korean]
        text = f"{place}에서 {who}." if korean else f"{place[0].upper()}{place[1:]}, where {who}."
        found.append(
            {
                "_id": f"film-{number:03}",
                "text": f"{text} ({number})",
                "topic": topic,
                "year": 1950 + number * 7 % 75,
                "rating": round(4 + number * 37 % 60 / 10, 1),
                "seen": number % 3 == 0,
                "tags": [TOPICS[(number + 3) % 8], "한국어" if korean else "English"],
            }
        )
    return found


def ascii_of(text: str) -> str:
    """Ids and namespaces are ASCII, as in Pinecone: other texts are percent-encoded, as the refusal advises."""
    return text if text.isascii() else quote(text)


class Seed:
    def __init__(self, url: str, key: str) -> None:
        headers = {"X-Pinecone-Api-Version": "2025-10"} | ({"Api-Key": key} if key else {})
        self.http = httpx.Client(base_url=url, headers=headers, timeout=120)

    def post(self, path: str, body: Any, **more: Any) -> Any:
        answer = self.http.post(path, **({"json": body} if body is not None else {}), **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def index(self, name: str, **settings: Any) -> None:
        spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
        self.post("/indexes", {"name": name, "spec": spec, **settings})

    def films(self) -> None:
        embed = {"model": "multilingual-e5-large", "field_map": {"text": "text"}}
        body = {"name": "films", "cloud": "aws", "region": "us-east-1", "embed": embed, "tags": {"team": "cinema"}}
        self.post("/indexes/create-for-model", body)
        records = films()
        for start in range(0, len(records), 80):
            lines = "\n".join(json.dumps(record) for record in records[start : start + 80])
            path = "/indexes/films/records/namespaces/__default__/upsert"
            self.post(path, None, content=lines.encode(), headers={"Content-Type": "application/x-ndjson"})

    def points(self) -> None:
        self.index("points", dimension=NUMBERS, metric="cosine")
        rng = np.random.default_rng(7)
        centres = rng.standard_normal((CLUSTERS, NUMBERS))
        of = rng.integers(0, CLUSTERS, POINTS)
        rows = np.round(centres[of] + 0.35 * rng.standard_normal((POINTS, NUMBERS)), 3)
        for start in range(0, POINTS, 1_000):
            vectors = [
                {
                    "id": f"point-{row:05}",
                    "values": rows[row].tolist(),
                    "metadata": {"cluster": f"c{of[row]:02}", "part": int(row % 1_000), "even": bool(row % 2 == 0)},
                }
                for row in range(start, start + 1_000)
            ]
            self.post("/indexes/points/vectors/upsert", {"vectors": vectors})

    def words(self) -> None:
        self.index("words", vector_type="sparse", metric="dotproduct")
        rng = np.random.default_rng(8)
        vectors = [
            {
                "id": f"word-{row}",
                "sparseValues": {
                    "indices": sorted(rng.choice(1_000, 12, replace=False).tolist()),
                    "values": np.round(rng.random(12) + 0.1, 3).tolist(),
                },
                "metadata": {"row": row},
            }
            for row in range(200)
        ]
        self.post("/indexes/words/vectors/upsert", {"vectors": vectors})

    def hostile(self) -> None:
        self.index("hostile", dimension=4, metric="cosine")
        rng = np.random.default_rng(9)
        vectors = [
            {
                "id": ascii_of(text),
                "values": rng.standard_normal(4).tolist(),
                "metadata": {"text": text, text[:60].replace("$", "S"): text, "list": [text, "plain"]},
            }
            for text in (*TEXTS, *STRANGE)
        ]
        vectors.append({"id": "large", "values": [1.0, 0.0, 0.0, 0.0], "metadata": {"text": "long " * 7_500}})
        for namespace in ("", "<b>bold</b>", ascii_of("이름")):
            self.post("/indexes/hostile/vectors/upsert", {"vectors": vectors, "namespace": namespace})

    def library(self) -> None:
        self.post("/assistant/assistants", {"name": "library", "instructions": "Answer briefly."})
        for name, text in (
            ("pinyon.md", DOCUMENT),
            (f"{TEXTS[1][:40]}.md".replace("/", " "), f"# {TEXTS[0]}\n\n{TEXTS[1]}\n"),
        ):
            self.post("/assistant/files/library", None, files={"file": (name, text.encode())})


def main() -> None:
    url, *key = sys.argv[1:]
    seed = Seed(url, key[0] if key else "")
    for part in (seed.films, seed.points, seed.words, seed.hostile, seed.library):
        part()


if __name__ == "__main__":
    main()
