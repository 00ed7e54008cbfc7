import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { BASE, to } from "../routes";
import { language, setLanguage, words } from "../state/language";
import { asked, askForKey, forgetKey, key } from "../state/session";
import { setTheme, THEMES, theme } from "../state/theme";
import { KeyDialog } from "../ui/KeyDialog";
import { Toasts } from "../ui/Toasts";
import { useNarrow } from "../ui/useNarrow";
import { NAVIGATION, titleOf } from "./navigation";
import { Palette } from "./Palette";

const say = words({
  skip: { en: "Skip to the content", ko: "본문으로 건너뛰기" },
  menu: { en: "Menu", ko: "메뉴" },
  pages: { en: "Pages", ko: "페이지" },
  data: { en: "Data", ko: "데이터" },
  server: { en: "Server", ko: "서버" },
  api: { en: "API reference", ko: "API 문서" },
  commands: { en: "Go to… (Ctrl K)", ko: "바로 가기… (Ctrl K)" },
  theme: { en: "Theme", ko: "테마" },
  language: { en: "Language", ko: "언어" },
  enter: { en: "Enter key", ko: "키 입력" },
  forget: { en: "Forget key", ko: "키 지우기" },
  voluntary: { en: "Requests of this tab are sent with this key.", ko: "이 탭의 요청에 이 키를 함께 보냅니다." },
  theme_system: { en: "System", ko: "시스템" },
  theme_light: { en: "Light", ko: "밝게" },
  theme_dark: { en: "Dark", ko: "어둡게" },
  theme_contrast: { en: "High contrast", ko: "고대비" },
});

export function Shell({ children }: { children: ComponentChildren }) {
  const { path } = useLocation();
  const [open, setOpen] = useState(false);
  const [palette, setPalette] = useState(false);
  const narrow = useNarrow();

  // A new page closes the menu.
  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette(true);
      } else if (event.key === "/" && !isTyping(event.target)) {
        const search = document.querySelector<HTMLElement>("[data-main-search]");
        if (search) {
          event.preventDefault();
          search.focus();
        }
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  return (
    <div class="shell">
      <a class="button skip" href="#main">
        {say("skip")}
      </a>
      <header class="bar">
        <button
          type="button"
          class="button quiet menu-button"
          aria-expanded={open}
          aria-controls="navigation"
          onClick={() => setOpen(!open)}
        >
          ☰ <span class="hidden-visually">{say("menu")}</span>
        </button>
        <a class="brand" href={to.indexes()}>
          <img src={`${BASE}/icon.svg`} alt="" />
          Pinyon
        </a>
        <span class="grow" />
        <button type="button" class="button wide-only" onClick={() => setPalette(true)}>
          {say("commands")}
        </button>
        {!narrow && <Tools />}
      </header>
      <nav id="navigation" class={`side ${open ? "open" : ""}`} aria-label={say("pages")}>
        <ul>
          {NAVIGATION.map((item) => (
            <li key={item.key}>
              <a href={item.path} {...(isHere(path, item) ? { "aria-current": "page" } : {})}>
                {titleOf(item.key)}
              </a>
            </li>
          ))}
          <li>
            <a href="/docs" target="_blank" rel="noreferrer">
              {say("api")} ↗
            </a>
          </li>
        </ul>
        {narrow && (
          <div class="stack tight">
            <Tools />
          </div>
        )}
      </nav>
      <main id="main" class="main" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
      {asked.value !== null && <KeyDialog />}
      {palette && <Palette onClose={() => setPalette(false)} />}
    </div>
  );
}

function isHere(path: string, item: (typeof NAVIGATION)[number]): boolean {
  return path === item.path || path === item.path.replace(/\/$/, "") || path.startsWith(`${item.below}/`);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** What belongs to the visitor; on a phone it is in the menu. */
function Tools() {
  return (
    <>
      <KeyButton />
      <Chooser />
    </>
  );
}

function KeyButton() {
  if (key.value) {
    return (
      <button type="button" class="button" onClick={forgetKey}>
        {say("forget")}
      </button>
    );
  }
  return (
    <button type="button" class="button" onClick={() => askForKey(say("voluntary"))}>
      {say("enter")}
    </button>
  );
}

function Chooser() {
  return (
    <>
      <label>
        <span class="hidden-visually">{say("theme")}</span>
        <select
          class="input"
          value={theme.value}
          onChange={(event) => setTheme(event.currentTarget.value as (typeof THEMES)[number])}
        >
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {say(`theme_${one}`)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="hidden-visually">{say("language")}</span>
        <select
          class="input"
          value={language.value}
          onChange={(event) => setLanguage(event.currentTarget.value === "ko" ? "ko" : "en")}
        >
          <option value="en">English</option>
          <option value="ko">한국어</option>
        </select>
      </label>
    </>
  );
}
