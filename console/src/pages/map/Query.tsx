import { useEffect, useState } from "preact/hooks";
import { number, words } from "../../state/language";
import { SelectField, TextField } from "../../ui/Field";
import { Problem } from "../../ui/Problem";
import type { Asked } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import type { Points } from "./points";
import { NEIGHBOURS, type Settings } from "./settings";
import type { Queried } from "./useQueried";

const say = words({
  text: { en: "Text to place on the map", ko: "지도에 놓을 텍스트" },
  near: { en: "Id of a record", ko: "레코드 ID" },
  or: { en: "Or the id of a record", ko: "또는 레코드 ID" },
  noModel: {
    en: "This index has vectors of your own, so only its records can be placed.",
    ko: "직접 만든 벡터를 담은 인덱스라 레코드만 놓을 수 있습니다.",
  },
  neighbours: { en: "Neighbours", ko: "이웃 수" },
  show: { en: "Show on the map", ko: "지도에 표시" },
  clear: { en: "Clear", ko: "지우기" },
  found: {
    en: { one: "The nearest record", other: "The {count} nearest records" },
    ko: "가장 가까운 레코드 {count}개",
  },
  nothing: { en: "No record was found.", ko: "찾은 레코드가 없습니다." },
  absent: { en: "not on the map", ko: "지도에 없음" },
  score: { en: "Score", ko: "점수" },
  record: { en: "Record", ko: "레코드" },
});

interface Props {
  readonly settings: Settings;
  /** Whether the index embeds texts itself. */
  readonly texts: boolean;
  readonly points: Points;
  readonly queried: Asked<Queried | undefined>;
  readonly onChange: (changed: Readonly<Record<string, string | undefined>>) => void;
  readonly onPin: (id: string) => void;
}

/** A query among the points: where it lies, and what is nearest to it in the full space. */
export function Query({ settings, texts, points, queried, onChange, onPin }: Props) {
  const [text, setText] = useState(settings.text ?? "");
  const [near, setNear] = useState(settings.near ?? "");
  useEffect(() => setNear(settings.near ?? ""), [settings.near]);
  const active = Boolean(settings.near || (texts && settings.text));
  const submit = (event: Event) => {
    event.preventDefault();
    const byText = texts && text.trim() && near === (settings.near ?? "");
    onChange(byText ? { text: text.trim(), near: undefined } : { near: near || undefined, text: undefined });
  };
  return (
    <div class="stack">
      <form class="stack tight" onSubmit={submit}>
        {texts && <TextField label={say("text")} value={text} onInput={setText} />}
        <TextField
          label={texts ? say("or") : say("near")}
          value={near}
          onInput={setNear}
          mono
          spellcheck={false}
          {...(texts ? {} : { hint: say("noModel") })}
        />
        <SelectField
          label={say("neighbours")}
          value={String(settings.neighbours)}
          options={NEIGHBOURS.map((count) => [String(count), number(count)] as const)}
          onInput={(k) => onChange({ k })}
        />
        <div class="row">
          <button type="submit" class="button primary">
            {say("show")}
          </button>
          {active && (
            <button
              type="button"
              class="button"
              onClick={() => {
                setText("");
                setNear("");
                onChange({ text: undefined, near: undefined });
              }}
            >
              {say("clear")}
            </button>
          )}
        </div>
      </form>
      <div aria-live="polite">
        {active && queried.error !== undefined && <Problem error={queried.error} again={queried.again} />}
        {active && queried.waiting && <Waiting />}
        {active && !queried.waiting && queried.answer && <Found found={queried.answer} points={points} onPin={onPin} />}
      </div>
    </div>
  );
}

function Found({ found, points, onPin }: { found: Queried; points: Points; onPin: (id: string) => void }) {
  if (found.matches.length === 0) return <p class="soft">{say("nothing")}</p>;
  return (
    <div class="stack tight">
      <strong>{say("found", { count: found.matches.length })}</strong>
      <table class="table map-list">
        <thead>
          <tr>
            <th>{say("record")}</th>
            <th class="number">{say("score")}</th>
          </tr>
        </thead>
        <tbody>
          {found.matches.map(({ id, score }) => (
            <tr key={id}>
              <td>
                <button type="button" class="map-link data" onClick={() => onPin(id)}>
                  {id}
                </button>
                {points.place(id) === undefined && <span class="soft small"> ({say("absent")})</span>}
              </td>
              <td class="number">{number(score, 4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
