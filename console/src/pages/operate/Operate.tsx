import { useRoute } from "preact-iso";
import { to } from "../../routes";
import { words } from "../../state/language";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { Audit } from "./Audit";
import { Health } from "./Health";
import { useHistory } from "./history";
import { Keys } from "./keys/Keys";
import { Logs } from "./Logs";
import { Models } from "./Models";
import "./operate.css";
import { Settings } from "./Settings";
import { Slow } from "./Slow";

const say = words({
  title: { en: "Operate", ko: "운영" },
  sections: { en: "Sections", ko: "영역" },
  overview: { en: "Overview", ko: "상태" },
  keys: { en: "Keys and roles", ko: "키와 역할" },
  logs: { en: "Logs", ko: "로그" },
  audit: { en: "Audit", ko: "감사 기록" },
  slow: { en: "Slow queries", ko: "느린 질의" },
  settings: { en: "Settings", ko: "설정" },
  models: { en: "Models and API", ko: "모델과 API" },
  nowhere: { en: "There is no such section", ko: "없는 영역입니다" },
});

const SECTIONS = {
  overview: Health,
  keys: Keys,
  logs: Logs,
  audit: Audit,
  slow: Slow,
  settings: Settings,
  models: Models,
} as const;
type Section = keyof typeof SECTIONS;
const NAMES = Object.keys(SECTIONS) as readonly Section[];

export function Operate() {
  useHistory();
  const { section = "overview" } = useRoute().params;
  const here = NAMES.find((name) => name === section);
  const Shown = here && SECTIONS[here];
  return (
    <Page title={say("title")}>
      <nav class="tabs" aria-label={say("sections")}>
        {NAMES.map((name) => (
          <a
            key={name}
            href={to.operate(name === "overview" ? "" : name)}
            {...(name === here ? { "aria-current": "page" as const } : {})}
          >
            {say(name)}
          </a>
        ))}
      </nav>
      {Shown ? <Shown /> : <Empty title={say("nowhere")} />}
    </Page>
  );
}
