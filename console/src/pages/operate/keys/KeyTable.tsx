import type { ApiKey } from "../../../api/admin";
import { moment, words } from "../../../state/language";

const say = words({
  keys: { en: "API keys", ko: "API 키" },
  name: { en: "Name", ko: "이름" },
  roles: { en: "Roles", ko: "역할" },
  limit: { en: "Limited to", ko: "제한" },
  everything: { en: "every index", ko: "모든 인덱스" },
  expires: { en: "Expires", ko: "만료" },
  expired: { en: "expired", ko: "만료됨" },
  never: { en: "never", ko: "없음" },
  used: { en: "Last used", ko: "마지막 사용" },
  unused: { en: "not yet", ko: "아직 없음" },
  created: { en: "Created", ko: "만든 때" },
  change: { en: "Change roles", ko: "역할 변경" },
  changeOf: { en: "Change roles of {name}", ko: "{name}의 역할 변경" },
  revoke: { en: "Revoke", ko: "폐기" },
  revokeOf: { en: "Revoke {name}", ko: "{name} 폐기" },
  actions: { en: "Actions", ko: "작업" },
});

interface Props {
  readonly keys: readonly ApiKey[];
  readonly onRoles: (key: ApiKey) => void;
  readonly onRevoke: (key: ApiKey) => void;
}

export function KeyTable({ keys, onRoles, onRevoke }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="scroll" tabIndex={0} role="region" aria-label={say("keys")}>
      <table class="table operate-wide">
        <thead>
          <tr>
            <th>{say("name")}</th>
            <th>{say("roles")}</th>
            <th>{say("limit")}</th>
            <th>{say("expires")}</th>
            <th>{say("used")}</th>
            <th>{say("actions")}</th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <td class="data">
                <strong>{key.name}</strong>
                <div class="soft small mono">{key.id.slice(0, 8)}</div>
                <div class="soft small">
                  {say("created")} {moment(key.created_at)}
                </div>
              </td>
              <td>
                <span class="row">
                  {key.roles.map((role) => (
                    <span key={role} class="badge">
                      {role}
                    </span>
                  ))}
                </span>
              </td>
              <td class="data">{limitOf(key) || <span class="soft">{say("everything")}</span>}</td>
              <td>
                <Expiry at={key.expires_at} />
              </td>
              <td class="small">
                {key.last_used_at ? moment(key.last_used_at) : <span class="soft">{say("unused")}</span>}
              </td>
              <td>
                <span class="row">
                  <button
                    type="button"
                    class="button small"
                    aria-label={say("changeOf", { name: key.name })}
                    onClick={() => onRoles(key)}
                  >
                    {say("change")}
                  </button>
                  <button
                    type="button"
                    class="button small danger"
                    aria-label={say("revokeOf", { name: key.name })}
                    onClick={() => onRevoke(key)}
                  >
                    {say("revoke")}
                  </button>
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function limitOf({ index, namespace }: ApiKey): string {
  if (!index) return "";
  return namespace === undefined ? index : `${index} / ${namespace || "__default__"}`;
}

function Expiry({ at }: { at: string | undefined }) {
  if (!at) return <span class="soft">{say("never")}</span>;
  if (new Date(at).getTime() <= Date.now()) return <span class="badge bad">{say("expired")}</span>;
  return <span class="small">{moment(at)}</span>;
}
