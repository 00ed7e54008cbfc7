import { useState } from "preact/hooks";
import type { SparseValues } from "../../api/records";
import { number, words } from "../../state/language";
import { Copy } from "../../ui/Copy";
import { barsOf, factsOf } from "./vector";

const say = words({
  vector: { en: "Vector", ko: "벡터" },
  sparse: { en: "Sparse values", ko: "희소 값" },
  numbers: { en: { one: "{count} number", other: "{count} numbers" }, ko: "숫자 {count}개" },
  entries: { en: { one: "{count} entry", other: "{count} entries" }, ko: "항목 {count}개" },
  norm: { en: "Norm", ko: "크기(노름)" },
  range: { en: "Least, most", ko: "최소, 최대" },
  first: { en: "First numbers", ko: "앞부분" },
  largest: { en: "Largest entries", ko: "가장 큰 항목" },
  at: { en: "Place", ko: "위치" },
  value: { en: "Value", ko: "값" },
  all: { en: "Show all", ko: "모두 보기" },
  fewer: { en: "Show fewer", ko: "접기" },
  every: { en: "All numbers of the vector", ko: "벡터의 모든 숫자" },
});

const FIRST = 8;
const LARGEST = 8;

export function VectorView({ values }: { values: readonly number[] }) {
  const [open, setOpen] = useState(false);
  if (!values.length) return null;
  const facts = factsOf(values);
  const digits = (value: number) => number(value, 4);
  return (
    <section class="stack tight">
      <div class="row spread">
        <h3>{say("vector")}</h3>
        <span class="row">
          <span class="soft small">{say("numbers", { count: values.length })}</span>
          <Copy text={JSON.stringify(values)} />
        </span>
      </div>
      <Strip values={values} />
      <dl class="facts small">
        <dt>{say("norm")}</dt>
        <dd class="mono">{digits(facts.norm)}</dd>
        <dt>{say("range")}</dt>
        <dd class="mono">
          {digits(facts.least)}, {digits(facts.most)}
        </dd>
        <dt>{say("first")}</dt>
        <dd class="mono">
          {values.slice(0, FIRST).map(digits).join(", ")}
          {values.length > FIRST && " …"}
        </dd>
      </dl>
      {values.length > FIRST && (
        <button
          type="button"
          class="button quiet small browse-start"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {say(open ? "fewer" : "all")}
        </button>
      )}
      {open && (
        <textarea class="input mono small" readOnly rows={8} aria-label={say("every")} value={values.join(", ")} />
      )}
    </section>
  );
}

/** The numbers as a strip of bars around zero: two vectors that are alike look alike. */
function Strip({ values }: { values: readonly number[] }) {
  const bars = barsOf(values, 96);
  return (
    <svg class="vector-strip" viewBox={`0 0 ${bars.length} 2`} preserveAspectRatio="none" aria-hidden="true">
      <path d={bars.map((bar, at) => `M${at + 0.1} 1h0.8v${-bar}h-0.8z`).join("")} />
    </svg>
  );
}

export function SparseView({ sparse }: { sparse: SparseValues }) {
  const order = [...sparse.indices.keys()].sort(
    (one, other) => (sparse.values[other] ?? 0) - (sparse.values[one] ?? 0),
  );
  return (
    <section class="stack tight">
      <div class="row spread">
        <h3>{say("sparse")}</h3>
        <span class="row">
          <span class="soft small">{say("entries", { count: sparse.indices.length })}</span>
          <Copy text={JSON.stringify(sparse)} />
        </span>
      </div>
      <table class="table small">
        <caption class="hidden-visually">{say("largest")}</caption>
        <thead>
          <tr>
            <th class="number">{say("at")}</th>
            <th class="number">{say("value")}</th>
          </tr>
        </thead>
        <tbody>
          {order.slice(0, LARGEST).map((at) => (
            <tr key={at}>
              <td class="number mono">{sparse.indices[at]}</td>
              <td class="number mono">{number(sparse.values[at] ?? 0, 4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
