import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Index, Stats } from "../../api/indexes";
import type { Model } from "../../api/models";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Options } from "./Options";
import { QueryPanel } from "./QueryPanel";
import { Results } from "./Results";
import { queryOf, type Settings, settingsOf } from "./settings";
import { TuningFields } from "./TuningFields";
import { useSearch } from "./useSearch";
import { read } from "./wanted";

interface Props {
  readonly index: Index;
  readonly stats: Stats | undefined;
  readonly models: readonly Model[];
}

const say = words({ settings: { en: "Settings", ko: "설정" } });

/** Milliseconds after the last key, before a search as one types begins, or the address changes. */
const PAUSE = 300;

export function Playground({ index, stats, models }: Props) {
  const [query, setQuery] = useQuery();
  const [settings, setSettings] = useState<Settings>(() => settingsOf(query, index));
  const [vector, setVector] = useState("");
  const [image, setImage] = useState("");
  const [tried, setTried] = useState(false);
  const a = useSearch();
  const b = useSearch();
  const wanted = useMemo(() => read(settings, { vector, image }, index), [settings, vector, image, index]);

  const change = (changed: Partial<Settings>) => {
    setTried(false);
    setSettings((former) => ({ ...former, ...changed }));
  };
  const search = () => {
    setTried(true);
    if ("wrong" in wanted) return;
    const asked = { index, models, wanted: wanted.value, settings };
    a.search({ ...asked, tuning: settings.a });
    if (settings.compare) b.search({ ...asked, tuning: settings.b });
    else b.clear();
  };

  // Enter in a field, or leaving it for the button, may change the settings first.
  const latest = useRef(search);
  latest.current = search;
  const searchSoon = () => setTimeout(() => latest.current());

  const shared = JSON.stringify(queryOf(settings));
  // The address follows the settings.
  useEffect(() => {
    const timer = setTimeout(() => setQuery(queryOf(settings)), PAUSE);
    return () => clearTimeout(timer);
  }, [shared]);

  // Whoever follows a link sees its results.
  useEffect(() => {
    if (!("wrong" in wanted)) search();
  }, []);

  // Search as one types.
  useEffect(() => {
    if (!settings.live || "wrong" in wanted) return;
    const timer = setTimeout(search, PAUSE);
    return () => clearTimeout(timer);
  }, [shared, vector, image]);

  const side = { index, settings, onChange: change, models };
  return (
    <form
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        searchSoon();
      }}
    >
      <QueryPanel
        {...side}
        vector={vector}
        onVector={(text) => {
          setTried(false);
          setVector(text);
        }}
        image={image}
        onImage={(picture) => {
          setTried(false);
          setImage(picture);
        }}
        wanted={wanted}
        tried={tried}
        waiting={a.waiting || b.waiting}
      />
      <details class="search-settings" open={matchMedia("(min-width: 861px)").matches}>
        <summary>{say("settings")}</summary>
        <div class="stack">
          <Options {...side} stats={stats} />
          <TuningFields {...side} side="a" />
          {settings.compare && <TuningFields {...side} side="b" />}
        </div>
      </details>
      <div class={settings.compare ? "search-found both" : "search-found"}>
        <Results side="a" of={a} other={settings.compare ? b : undefined} again={search} />
        {settings.compare && <Results side="b" of={b} other={a} again={search} />}
      </div>
    </form>
  );
}
