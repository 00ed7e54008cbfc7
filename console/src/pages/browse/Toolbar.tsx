import { useEffect, useId, useRef, useState } from "preact/hooks";
import { number, words } from "../../state/language";
import { useLater } from "../../ui/filter/useLater";
import { isAscii } from "./source";
import type { Namespaces } from "./view";

const say = words({
  namespace: { en: "Namespace", ko: "네임스페이스" },
  default: { en: "(default)", ko: "(기본)" },
  prefix: { en: "Id begins with", ko: "아이디 앞부분" },
  ascii: {
    en: "Ids hold ASCII characters only: no id begins with this.",
    ko: "아이디에는 ASCII 문자만 있습니다. 이렇게 시작하는 아이디는 없습니다.",
  },
  view: { en: "Show as", ko: "보기 방식" },
  table: { en: "Table", ko: "표" },
  cards: { en: "Cards", ko: "카드" },
  columns: { en: "Columns", ko: "열" },
  noFields: { en: "No metadata yet.", ko: "아직 메타데이터가 없습니다." },
});

export interface ToolbarProps {
  readonly namespace: string;
  /** undefined: the key may not know them. */
  readonly namespaces: Namespaces | undefined;
  readonly prefix: string;
  readonly view: "table" | "cards";
  readonly known: readonly string[];
  readonly columns: readonly string[];
  readonly onNamespace: (namespace: string) => void;
  readonly onPrefix: (prefix: string) => void;
  readonly onView: (view: "table" | "cards") => void;
  readonly onColumns: (columns: readonly string[]) => void;
}

export function Toolbar(props: ToolbarProps) {
  return (
    <>
      <NamespaceChoice {...props} />
      <PrefixSearch prefix={props.prefix} onPrefix={props.onPrefix} />
      <fieldset class="segments" aria-label={say("view")}>
        {(["table", "cards"] as const).map((view) => (
          <button
            key={view}
            type="button"
            class="button"
            aria-pressed={props.view === view}
            onClick={() => props.onView(view)}
          >
            {say(view)}
          </button>
        ))}
      </fieldset>
      <ColumnChoice {...props} />
    </>
  );
}

function NamespaceChoice({ namespace, namespaces, onNamespace }: ToolbarProps) {
  const label = say("namespace");
  if (!namespaces) {
    return (
      <input
        class="input browse-namespace"
        aria-label={label}
        placeholder={label}
        value={namespace}
        onChange={(event) => onNamespace(event.currentTarget.value)}
      />
    );
  }
  const there = namespaces.some(([name]) => name === namespace) ? namespaces : [[namespace, 0] as const, ...namespaces];
  return (
    <select
      class="input browse-namespace"
      aria-label={label}
      value={namespace}
      onChange={(event) => onNamespace(event.currentTarget.value)}
    >
      {there.map(([name, records]) => (
        <option key={name} value={name}>
          {`${name || say("default")} · ${number(records)}`}
        </option>
      ))}
    </select>
  );
}

function PrefixSearch({ prefix, onPrefix }: { prefix: string; onPrefix: (prefix: string) => void }) {
  const [text, setText] = useState(prefix);
  const [sent, setSent] = useState(prefix);
  const { later } = useLater(250);
  const id = useId();
  if (sent !== prefix) {
    setSent(prefix);
    setText(prefix);
  }
  const bad = !isAscii(text);
  return (
    <div class="browse-prefix">
      <input
        class="input"
        type="search"
        data-main-search
        aria-label={say("prefix")}
        aria-invalid={bad}
        aria-describedby={bad ? id : undefined}
        placeholder={say("prefix")}
        spellcheck={false}
        value={text}
        onInput={(event) => {
          const typed = event.currentTarget.value;
          setText(typed);
          if (!isAscii(typed)) return;
          later(() => {
            setSent(typed);
            onPrefix(typed);
          });
        }}
      />
      {bad && (
        <p id={id} class="browse-wrong small" role="alert">
          {say("ascii")}
        </p>
      )}
    </div>
  );
}

function ColumnChoice({ known, columns, onColumns }: ToolbarProps) {
  const place = useRef<HTMLDetailsElement>(null);
  const offered = [...new Set([...known, ...columns])];
  const toggle = (name: string, on: boolean) =>
    onColumns(on ? [...columns, name] : columns.filter((one) => one !== name));

  useEffect(() => {
    const close = (event: Event) => {
      const outside =
        event instanceof KeyboardEvent ? event.key === "Escape" : !place.current?.contains(event.target as Node);
      if (place.current && outside) place.current.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);

  return (
    <details ref={place} class="browse-columns">
      <summary class="button">
        {say("columns")} <span class="soft small">{number(columns.length)}</span>
      </summary>
      <fieldset class="panel" aria-label={say("columns")}>
        {offered.length === 0 && <p class="soft small">{say("noFields")}</p>}
        {offered.map((name) => (
          <label key={name} class="check">
            <input
              type="checkbox"
              checked={columns.includes(name)}
              onChange={(event) => toggle(name, event.currentTarget.checked)}
            />
            <span class="data">{name}</span>
          </label>
        ))}
      </fieldset>
    </details>
  );
}
