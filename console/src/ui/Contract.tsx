import type { Quality } from "../api/indexes";
import { percent, words } from "../state/language";

const say = words({
  exact: { en: "exact", ko: "정확 검색" },
  estimate: { en: "{recall} estimated", ko: "추정 {recall}" },
  kept: { en: "{recall} measured", ko: "측정 {recall}" },
  missed: { en: "{recall}, promised {target}", ko: "{recall}, 약속 {target}" },
});

/** What an index promises, and whether it keeps it, in a word or two. Without quality, every search is exact. */
export function Contract({ quality }: { quality: Quality | undefined }) {
  if (!quality || quality.label === "exact") return <span class="badge good">{say("exact")}</span>;
  const recall = percent(quality.recall, 2);
  if (quality.holds === false) {
    return <span class="badge warn">{say("missed", { recall, target: percent(quality.target, 2) })}</span>;
  }
  if (quality.label === "estimate") return <span class="badge">{say("estimate", { recall })}</span>;
  return <span class="badge good">{say("kept", { recall })}</span>;
}
