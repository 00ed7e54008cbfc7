import { useState } from "preact/hooks";
import type { StoredFile } from "../../api/assistants";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { TextField } from "../../ui/Field";
import { filterWrong } from "./settings";

const say = words({
  name: { en: "Find by name", ko: "이름으로 찾기" },
  filter: { en: "Metadata filter (JSON)", ko: "메타데이터 필터 (JSON)" },
  notObject: { en: "This is not a JSON object.", ko: "JSON 객체가 아닙니다." },
  apply: { en: "Filter", ko: "필터 적용" },
  clear: { en: "Show all", ko: "모두 보기" },
  often: { en: "Common values", ko: "자주 쓰인 값" },
});

const SHOWN = 8;

/** Which files are listed; it is in the address. */
export function FileFilter({ files }: { files: readonly StoredFile[] }) {
  const [query, change] = useQuery();
  const [typed, setTyped] = useState(query.files ?? "");
  const pairs = common(files);
  if (!files.length && !query.files) return null;

  const apply = (event: Event) => {
    event.preventDefault();
    if (!filterWrong(typed)) change({ files: typed.trim() || undefined });
  };
  const choose = (filter: string) => {
    setTyped(filter);
    change({ files: filter || undefined });
  };
  return (
    <form class="stack tight" onSubmit={apply}>
      <div class="filters">
        <TextField
          label={say("name")}
          type="search"
          value={query.name ?? ""}
          onInput={(name) => change({ name: name || undefined })}
        />
        <TextField
          label={say("filter")}
          wrong={filterWrong(typed) ? say("notObject") : undefined}
          value={typed}
          onInput={setTyped}
          placeholder='{"kind": "manual"}'
          mono
          autocomplete="off"
          spellcheck={false}
        />
        <div class="row nowrap">
          <button type="submit" class="button">
            {say("apply")}
          </button>
          {(query.files || query.name) && (
            <button
              type="button"
              class="button"
              onClick={() => {
                setTyped("");
                change({ files: undefined, name: undefined });
              }}
            >
              {say("clear")}
            </button>
          )}
        </div>
      </div>
      {pairs.length > 0 && (
        <div class="row" role="group" aria-label={say("often")}>
          {pairs.map(({ text, filter, count }) => (
            <button
              key={filter}
              type="button"
              class="badge choice data"
              aria-pressed={filter === query.files}
              onClick={() => choose(filter === query.files ? "" : filter)}
            >
              {text} <span class="soft">{count}</span>
            </button>
          ))}
        </div>
      )}
    </form>
  );
}

interface Pair {
  readonly text: string;
  readonly filter: string;
  readonly count: number;
}

/** The values that most files have, each with the filter that it makes. */
function common(files: readonly StoredFile[]): readonly Pair[] {
  const found = new Map<string, Pair>();
  for (const { metadata } of files) {
    for (const [field, value] of Object.entries(metadata ?? {})) {
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
        const filter = JSON.stringify({ [field]: Array.isArray(value) ? { $in: [one] } : one });
        const text = `${field}: ${String(one)}`;
        found.set(filter, { text, filter, count: (found.get(filter)?.count ?? 0) + 1 });
      }
    }
  }
  return [...found.values()].sort((one, other) => other.count - one.count).slice(0, SHOWN);
}
