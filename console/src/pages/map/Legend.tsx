import { language, number, words } from "../../state/language";
import type { Colouring, Group, Scalar } from "./colouring";
import type { Look } from "./look";

const say = words({
  plain: {
    en: "All points have one colour. Choose a field above to colour them by its values.",
    ko: "모든 점이 같은 색입니다. 위에서 필드를 고르면 그 값에 따라 색을 입힙니다.",
  },
  other: { en: { one: "1 other value", other: "{count} other values" }, ko: "그 밖의 값 {count}개" },
  missing: { en: "no value, or a rare one", ko: "값이 없거나 드문 값" },
  empty: { en: "(empty text)", ko: "(빈 문자열)" },
  all: { en: "Show all", ko: "모두 보기" },
  only: { en: "Only", ko: "이것만" },
  onlyThis: { en: "Only {name}", ko: "{name}만 보기" },
});

export function nameOf(group: Group): string {
  if (group.kind === "other") return say("other", { count: group.distinct ?? 0 });
  if (group.kind === "missing") return say("missing");
  if (group.kind === "range") return `${figure(group.least ?? 0)} – ${figure(group.most ?? 0)}`;
  return valueName(group.value ?? "");
}

/** A value that is a number: 1999 may be a year, so it has no comma. */
function figure(value: number): string {
  return new Intl.NumberFormat(language.value, { maximumSignificantDigits: 6, useGrouping: "min2" }).format(value);
}

export function valueName(value: Scalar): string {
  if (typeof value === "number") return figure(value);
  return value === "" ? say("empty") : String(value);
}

interface Props {
  readonly field: string;
  readonly colouring: Colouring;
  readonly off: ReadonlySet<string>;
  readonly look: Look;
  readonly onOff: (off: readonly string[]) => void;
  /** The row that the pointer or the focus is on: its points light up. */
  readonly onLight: (row: number | null) => void;
}

/** What the colours mean, with counts. Groups can be switched off, and looked at alone. */
export function Legend({ field, colouring, off, look, onOff, onLight }: Props) {
  if (colouring.kind === "plain") return <p class="soft">{say("plain")}</p>;
  const most = Math.max(...colouring.groups.map(({ kind, count }) => (kind === "other" ? 1 : count)));
  const toggle = (key: string) => onOff(off.has(key) ? [...off].filter((one) => one !== key) : [...off, key]);
  return (
    <fieldset class="map-legend" onPointerLeave={() => onLight(null)}>
      <legend class="row spread">
        <span class="data">{field}</span>
        {off.size > 0 && (
          <button type="button" class="button small" onClick={() => onOff([])}>
            {say("all")}
          </button>
        )}
      </legend>
      {colouring.groups.map((group, row) => {
        const name = nameOf(group);
        return (
          <div key={group.key} class="map-group" onPointerEnter={() => onLight(row)}>
            <label>
              <input
                type="checkbox"
                checked={!off.has(group.key)}
                onChange={() => toggle(group.key)}
                onFocus={() => onLight(row)}
                onBlur={() => onLight(null)}
              />
              <span class="swatch" style={{ background: look.css[group.tint] }} />
              <span class="data name">{name}</span>
              <span class="number">{number(group.count)}</span>
              <span
                class="map-bar"
                style={{ width: `${Math.min(100, (100 * group.count) / most)}%`, background: look.css[group.tint] }}
                aria-hidden="true"
              />
            </label>
            <button
              type="button"
              class="button quiet small"
              aria-label={say("onlyThis", { name })}
              onClick={() => onOff(colouring.groups.map(({ key }) => key).filter((key) => key !== group.key))}
            >
              {say("only")}
            </button>
          </div>
        );
      })}
    </fieldset>
  );
}
