import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { fetchIndexes } from "../api/indexes";
import { to } from "../routes";
import { words } from "../state/language";
import { useCall } from "../ui/useCall";
import { NAVIGATION, titleOf } from "./navigation";

const say = words({
  find: { en: "Go to a page or an index", ko: "페이지나 인덱스로 이동" },
  search: { en: "Search {name}", ko: "{name} 검색" },
  browse: { en: "Browse {name}", ko: "{name} 둘러보기" },
  map: { en: "Map of {name}", ko: "{name} 지도" },
  proof: { en: "Proof of {name}", ko: "{name} 품질 증명" },
});

interface Command {
  readonly text: string;
  readonly path: string;
}

/** Everything there is, a few keystrokes away. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { route } = useLocation();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const indexes = useCall(fetchIndexes, []);

  useEffect(() => dialog.current?.showModal(), []);

  const commands = [
    ...NAVIGATION.map((item): Command => ({ text: titleOf(item.key), path: item.path })),
    ...(indexes.answer ?? []).flatMap(({ name }): Command[] => [
      { text: name, path: to.index(name) },
      { text: say("search", { name }), path: to.search(name) },
      { text: say("browse", { name }), path: to.browse(name) },
      { text: say("proof", { name }), path: to.proof(name) },
      { text: say("map", { name }), path: to.map(name) },
    ]),
  ].filter((command) => matches(command.text, text));
  const chosen = Math.min(at, commands.length - 1);

  const go = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    route(command.path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((chosen + step + commands.length) % Math.max(1, commands.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(commands[chosen]);
    }
  };

  return (
    <dialog ref={dialog} class="palette" aria-label={say("find")} onClose={onClose}>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={commands.length ? `${id}-${chosen}` : undefined}
        aria-label={say("find")}
        placeholder={say("find")}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={`${id}-list`} class="palette-list" role="listbox" aria-label={say("find")}>
        {commands.slice(0, 60).map((command, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keys
          <div
            key={command.path}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === chosen}
            onClick={() => go(command)}
          >
            {command.text}
          </div>
        ))}
      </div>
    </dialog>
  );
}

/** Whether every word stands in the text. */
function matches(text: string, asked: string): boolean {
  const lower = text.toLowerCase();
  return asked
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
