import type { Index } from "../../api/indexes";
import { words } from "../../state/language";
import type { Asked } from "../../ui/useCall";
import { Chosen } from "./Chosen";
import { Legend } from "./Legend";
import type { Look } from "./look";
import { OddOnes } from "./OddOnes";
import type { Points } from "./points";
import { Query } from "./Query";
import { MOST_MEASURED, PANELS, type Panel, type Settings } from "./settings";
import type { Queried } from "./useQueried";

const say = words({
  panels: { en: "About the map", ko: "지도 정보" },
  colours: { en: "Colours", ko: "색" },
  chosen: { en: "Selection", ko: "선택" },
  query: { en: "Query", ko: "쿼리" },
  odd: { en: "Odd ones", ko: "특이점" },
});

interface Props {
  readonly index: Index;
  readonly settings: Settings;
  readonly points: Points;
  readonly field: string | undefined;
  readonly waiting: boolean;
  readonly look: Look;
  readonly queried: Asked<Queried | undefined>;
  readonly chosen: Uint32Array;
  readonly onChange: (changed: Readonly<Record<string, string | undefined>>) => void;
  readonly onPin: (id: string) => void;
  readonly onLightRow: (row: number | null) => void;
  readonly onLightOdd: (places: readonly number[] | null) => void;
  readonly onZoomTo: (places: Uint32Array) => void;
  readonly onClear: () => void;
}

export function Side(props: Props) {
  const { settings, chosen, onChange } = props;
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = (PANELS.indexOf(settings.panel) + by + PANELS.length) % PANELS.length;
    onChange({ panel: PANELS[at] });
    document.getElementById(`map-tab-${PANELS[at]}`)?.focus();
  };
  return (
    <section class="panel map-panel">
      <div class="tabs" role="tablist" aria-label={say("panels")} onKeyDown={step}>
        {PANELS.map((panel) => (
          <button
            key={panel}
            id={`map-tab-${panel}`}
            type="button"
            role="tab"
            aria-selected={panel === settings.panel}
            aria-controls="map-panel"
            tabIndex={panel === settings.panel ? 0 : -1}
            onClick={() => onChange({ panel })}
          >
            {say(panel)}
            {panel === "chosen" && chosen.length > 0 && <span class="map-some" aria-hidden="true" />}
          </button>
        ))}
      </div>
      <div id="map-panel" role="tabpanel" aria-labelledby={`map-tab-${settings.panel}`} class="map-panel-body">
        <Shown {...props} panel={settings.panel} />
      </div>
    </section>
  );
}

function Shown(props: Props & { panel: Panel }) {
  const { panel, index, settings, points, field, look, queried, onChange } = props;
  if (panel === "chosen") {
    return (
      <Chosen
        index={index.name}
        points={points}
        field={field}
        filter={settings.filter}
        chosen={props.chosen}
        look={look}
        onFilter={(filter) => onChange({ filter: JSON.stringify(filter), view: undefined })}
        onZoom={() => props.onZoomTo(props.chosen)}
        onClear={props.onClear}
      />
    );
  }
  if (panel === "query") {
    return (
      <Query
        settings={settings}
        texts={index.embed !== undefined}
        points={points}
        queried={queried}
        onChange={onChange}
        onPin={props.onPin}
      />
    );
  }
  if (panel === "odd") {
    return (
      <OddOnes
        index={index.name}
        points={points}
        settings={settings}
        waiting={props.waiting}
        onFewer={() => onChange({ points: String(MOST_MEASURED), view: undefined })}
        onPin={props.onPin}
        onLight={props.onLightOdd}
      />
    );
  }
  return (
    <Legend
      field={field ?? ""}
      colouring={points.colouring}
      off={new Set(settings.off)}
      look={look}
      onOff={(off) => onChange({ off: off.length ? JSON.stringify(off) : undefined })}
      onLight={props.onLightRow}
    />
  );
}
