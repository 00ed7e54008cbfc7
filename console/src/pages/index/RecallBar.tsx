import type { Quality } from "../../api/indexes";
import { percent, words } from "../../state/language";
import { scaleOf } from "./interval";

const say = words({
  drawn: {
    en: "Recall {recall}, 95 % interval {low} to {high}, target {target}, on a scale from {from} to 100 %",
    ko: "재현율 {recall}, 95 % 구간 {low}–{high}, 목표 {target}, 눈금 {from}–100 %",
  },
});

const WIDTH = 160;
const HEIGHT = 22;

/** A recall with its interval as a band, and the target as a line. What it draws also stands in the table as numbers. */
export function RecallBar({ quality }: { quality: Quality }) {
  const { recall, target } = quality;
  const low = quality.low ?? recall;
  const high = quality.high ?? recall;
  const scale = scaleOf([recall, low, target]);
  const x = (value: number) => 4 + scale.at(value) * (WIDTH - 8);
  const digits = 2;
  const label = say("drawn", {
    recall: percent(recall, digits),
    low: percent(low, digits),
    high: percent(high, digits),
    target: percent(target, digits),
    from: percent(scale.from, digits),
  });
  return (
    <svg
      class="recall-bar"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <line class="axis" x1={4} x2={WIDTH - 4} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      <rect
        class={quality.holds === false ? "band missed" : "band"}
        x={x(low)}
        y={HEIGHT / 2 - 4}
        width={Math.max(2, x(high) - x(low))}
        height={8}
        rx={4}
      />
      <line class="target" x1={x(target)} x2={x(target)} y1={2} y2={HEIGHT - 2} />
      <circle class={quality.holds === false ? "mean missed" : "mean"} cx={x(recall)} cy={HEIGHT / 2} r={4} />
    </svg>
  );
}
