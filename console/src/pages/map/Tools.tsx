import { words } from "../../state/language";
import type { Tool } from "./gestures";

const say = words({
  tools: { en: "Tools of the map", ko: "지도 도구" },
  pan: { en: "Move", ko: "이동" },
  lasso: { en: "Lasso (or drag with Shift)", ko: "올가미 (또는 Shift 누르고 끌기)" },
  box: { en: "Rectangle", ko: "사각형" },
  view: { en: "Select what is in view", ko: "보이는 점 선택" },
  in: { en: "Zoom in", ko: "확대" },
  out: { en: "Zoom out", ko: "축소" },
  whole: { en: "Show everything", ko: "전체 보기" },
});

const TOOLS: readonly Tool[] = ["pan", "lasso", "box"];
const PATHS: Readonly<Record<Tool | "view" | "in" | "out" | "whole", string>> = {
  pan: "M8 1v14M1 8h14M5.8 3.2 8 1l2.2 2.2M5.8 12.8 8 15l2.2-2.2M3.2 5.8 1 8l2.2 2.2M12.8 5.8 15 8l-2.2 2.2",
  lasso:
    "M4.5 10.5C2.5 9.8 1.5 8.5 1.5 7c0-2.8 2.9-5 6.5-5s6.5 2.2 6.5 5-2.9 5-6.5 5c-.7 0-1.4-.1-2-.2M4.5 9a1.7 1.7 0 1 0 .1 3.4C6 12.3 5.9 9.2 4.5 9ZM5 12.4c.3 1-.2 2-1.5 2.6",
  box: "M2 2h3M7 2h2M11 2h3v3M14 7v2M14 11v3h-3M9 14H7M5 14H2v-3M2 9V7M2 5V2",
  view: "M1 5V1h4M11 1h4v4M15 11v4h-4M5 15H1v-4M5 8.2l2.2 2.2L11.2 6",
  in: "M8 2.5v11M2.5 8h11",
  out: "M2.5 8h11",
  whole: "M1.5 5.5v-4h4M10.5 1.5h4v4M14.5 10.5v4h-4M5.5 14.5h-4v-4M6 6h4v4H6z",
};

interface Props {
  readonly tool: Tool;
  readonly onTool: (tool: Tool) => void;
  readonly onSelectView: () => void;
  readonly onZoom: (factor: number) => void;
  readonly onWhole: () => void;
}

export function Tools({ tool, onTool, onSelectView, onZoom, onWhole }: Props) {
  return (
    <div class="map-tools" role="toolbar" aria-label={say("tools")} aria-orientation="vertical">
      <div>
        {TOOLS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={tool === one}
            aria-label={say(one)}
            title={say(one)}
            onClick={() => onTool(one)}
          >
            <Icon path={PATHS[one]} />
          </button>
        ))}
        <button type="button" aria-label={say("view")} title={say("view")} onClick={onSelectView}>
          <Icon path={PATHS.view} />
        </button>
      </div>
      <div>
        <button type="button" aria-label={say("in")} title={say("in")} onClick={() => onZoom(1.6)}>
          <Icon path={PATHS.in} />
        </button>
        <button type="button" aria-label={say("out")} title={say("out")} onClick={() => onZoom(1 / 1.6)}>
          <Icon path={PATHS.out} />
        </button>
        <button type="button" aria-label={say("whole")} title={say("whole")} onClick={onWhole}>
          <Icon path={PATHS.whole} />
        </button>
      </div>
    </div>
  );
}

function Icon({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
