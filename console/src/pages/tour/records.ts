import type { TourRecord } from "./calls";
import { PAIRS } from "./texts";
import { TOPICS } from "./topics";

/** 200 of them, always the same and in the same order. */
export function records(): readonly TourRecord[] {
  const perTopic = PAIRS.length / TOPICS.length;
  return PAIRS.flatMap((pair, at) =>
    (["en", "ko"] as const).map((language, place) => {
      const text = pair[place] ?? "";
      return {
        _id: `${language}-${String(at + 1).padStart(3, "0")}`,
        text,
        topic: TOPICS[Math.floor(at / perTopic)] ?? "food",
        language,
        year: 2000 + ((at * 7 + place * 3) % 25),
        length: [...text].length,
      };
    }),
  );
}
