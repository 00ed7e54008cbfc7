import type { Quality } from "../api/indexes";
import { percent, words } from "../state/language";

const say = words({
  exact: { en: "exact", ko: "정확 검색" },
  resting: { en: "not searched yet", ko: "아직 검색 전" },
  resting_why: {
    en: "It is loaded, and its recall is known, once somebody searches it.",
    ko: "처음 검색할 때 불러오며, 그때부터 재현율을 알 수 있습니다.",
  },
  estimate: { en: "{recall} estimated", ko: "추정 {recall}" },
  kept: { en: "{recall} measured", ko: "측정 {recall}" },
  missed: { en: "{recall}, promised {target}", ko: "{recall}, 약속 {target}" },
});

/** Namespaces with fewer records are searched exactly (src/pinyon/engine/bases.py). */
const APPROXIMATE = 4_096;

interface Props {
  readonly quality: Quality | undefined;
  /** Of the namespace. A large one without quality is not in memory, so nothing is known of it. */
  readonly records?: number;
}

/** What an index promises, and whether it keeps it, in a word or two. Small namespaces are searched exactly. */
export function Contract({ quality, records = 0 }: Props) {
  if (!quality) {
    if (records < APPROXIMATE) return <span class="badge good">{say("exact")}</span>;
    return (
      <span class="badge" title={say("resting_why")}>
        {say("resting")}
      </span>
    );
  }
  if (quality.label === "exact") return <span class="badge good">{say("exact")}</span>;
  const recall = percent(quality.recall, 2);
  if (quality.holds === false) {
    return <span class="badge warn">{say("missed", { recall, target: percent(quality.target, 2) })}</span>;
  }
  if (quality.label === "estimate") return <span class="badge">{say("estimate", { recall })}</span>;
  return <span class="badge good">{say("kept", { recall })}</span>;
}
