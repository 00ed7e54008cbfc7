import { words } from "../../state/language";

const say = words({ examples: { en: "Examples", ko: "예시" } });

interface Props {
  readonly texts: readonly string[];
  readonly chosen: string;
  readonly onChoose: (text: string) => void;
}

export function Examples({ texts, chosen, onChoose }: Props) {
  return (
    <div class="row" role="group" aria-label={say("examples")}>
      {texts.map((text) => (
        <button
          key={text}
          type="button"
          class="button small tour-example"
          aria-pressed={text === chosen}
          onClick={() => onChoose(text)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
