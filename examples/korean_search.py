"""An index that embeds text itself: Korean sentences, asked in Korean and in English."""

from __future__ import annotations

import sys

from pinyon import Pinecone

PATH = sys.argv[1] if len(sys.argv) > 1 else ":memory:"
SENTENCES = {
    "bus": ("교통", "광역버스는 출근 시간에 십 분마다 한 대씩 온다."),
    "subway": ("교통", "서울 지하철 첫차는 새벽 다섯 시 반에 출발한다."),
    "bike": ("교통", "공공 자전거는 앱으로 잠금을 풀고 아무 대여소에나 반납하면 된다."),
    "kimchi": ("음식", "김치찌개는 잘 익은 김치를 기름에 먼저 볶아야 국물이 깊어진다."),
    "rain": ("음식", "비 오는 날에는 파전과 막걸리가 잘 어울린다."),
    "noodle": ("음식", "평양냉면은 육수가 심심해서 처음 먹는 사람은 맛을 잘 모른다."),
    "passport": ("행정", "여권을 잃어버리면 가까운 구청에서 재발급을 신청할 수 있다."),
    "moving": ("행정", "이사한 뒤 열나흘 안에 주민센터에 전입 신고를 해야 한다."),
    "tax": ("행정", "종합소득세는 해마다 오월에 신고하고 낸다."),
    "cold": ("건강", "감기에 걸리면 따뜻한 물을 자주 마시고 푹 쉬는 것이 좋다."),
    "sleep": ("건강", "자기 전에 휴대전화를 오래 보면 잠이 잘 오지 않는다."),
    "back": ("건강", "오래 앉아 일하는 사람은 한 시간에 한 번씩 허리를 펴 주어야 한다."),
}

with Pinecone(path=PATH) as pc:
    embed = {"model": "use-multilingual", "field_map": {"text": "sentence"}}
    pc.create_index_for_model("sentences", cloud="local", region="here", embed=embed)
    index = pc.Index("sentences")
    records = [{"_id": id, "sentence": text, "topic": topic} for id, (topic, text) in SENTENCES.items()]
    index.upsert_records("", records)

    for question in (
        "여권을 분실했는데 어떻게 해야 하나요?",
        "Which food goes well with a rainy day?",
        "지하철은 몇 시부터 다니나요?",
        "I can't fall asleep at night",
    ):
        hits = index.search(top_k=2, inputs={"text": question}, fields=["sentence"]).result.hits
        print(question)
        for hit in hits:
            print(f"  {hit.score:.2f}  {hit.id:9s} {hit.fields['sentence']}")

    food = index.search(top_k=3, inputs={"text": "국물 요리"}, filter={"topic": "음식"})
    print("음식:", [hit.id for hit in food.result.hits])
