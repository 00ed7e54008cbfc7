import { fetchSettings, readSettings, type Setting } from "../../api/server";
import { bytes, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { AsCode } from "../../ui/AsCode";
import { Empty } from "../../ui/Empty";
import { CheckField, TextField } from "../../ui/Field";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { Trouble } from "./Trouble";

const say = words({
  settings: { en: "Settings", ko: "설정" },
  find: { en: "Find a setting", ko: "설정 찾기" },
  changed: { en: "Only those that differ from the default", ko: "기본값과 다른 것만" },
  name: { en: "Setting", ko: "설정" },
  value: { en: "Value", ko: "값" },
  default: { en: "Default", ko: "기본값" },
  source: { en: "From", ko: "출처" },
  none: { en: "No setting matches", ko: "일치하는 설정이 없습니다" },
  how: {
    en: "Settings are read when the server starts: a flag beats the environment, and that beats pinyon.toml in the data directory. Keys and other secrets are never shown.",
    ko: "설정은 서버가 시작할 때 읽습니다. 명령행 옵션이 환경 변수보다, 환경 변수가 데이터 디렉터리의 pinyon.toml보다 우선합니다. 키와 같은 비밀 값은 표시하지 않습니다.",
  },
  same: { en: "Everything is as by default.", ko: "모든 설정이 기본값입니다." },
  none_given: { en: "none", ko: "없음" },
});

export function Settings() {
  const [{ setting = "", changed = "" }, change] = useQuery();
  const settings = useCall(fetchSettings, []);
  const differ = (one: { value: unknown; default: unknown }) => told(one.value) !== told(one.default);
  const shown = (settings.answer ?? []).filter(
    (one) => one.name.toLowerCase().includes(setting.trim().toLowerCase()) && (!changed || differ(one)),
  );
  return (
    <section class="stack">
      <p class="soft">{say("how")}</p>
      <div class="operate-filters">
        <div class="grow">
          <TextField label={say("find")} type="search" value={setting} onInput={(setting) => change({ setting })} />
        </div>
        <CheckField
          label={say("changed")}
          checked={Boolean(changed)}
          onInput={(on) => change({ changed: on ? "yes" : undefined })}
        />
      </div>
      {settings.error !== undefined && <Trouble error={settings.error} again={settings.again} />}
      {!settings.answer && settings.waiting && <Waiting />}
      {settings.answer && !shown.length && (
        <Empty title={say("none")}>{changed && !setting && <p>{say("same")}</p>}</Empty>
      )}
      {shown.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div class="panel scroll" tabIndex={0} role="region" aria-label={say("settings")}>
          <table class="table operate-wide">
            <thead>
              <tr>
                <th>{say("name")}</th>
                <th>{say("value")}</th>
                <th>{say("default")}</th>
                <th>{say("source")}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <tr key={one.name}>
                  <td class="mono">{one.name}</td>
                  <td class="mono data">
                    {differ(one) ? <strong>{told(one.value)}</strong> : told(one.value)}
                    <Size of={one} />
                  </td>
                  <td class="mono data soft">{told(one.default)}</td>
                  <td>
                    <span class={`badge ${one.source === "default" ? "" : "good"}`}>{one.source}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <AsCode call={readSettings()} />
    </section>
  );
}

/** Numbers of bytes as people say them. */
function Size({ of: { name, value } }: { of: Setting }) {
  if (typeof value !== "number" || value < 1024 || !/bytes|memory/.test(name)) return null;
  return <span class="soft"> ({bytes(value)})</span>;
}

function told(value: unknown): string {
  if (value === null || value === undefined || value === "") return say("none_given");
  if (Array.isArray(value)) return value.length ? value.map(told).join(", ") : say("none_given");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
