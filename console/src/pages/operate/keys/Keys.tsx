import { useState } from "preact/hooks";
import { words } from "../../../state/language";
import { Code } from "../../../ui/Code";
import { Managed } from "./Managed";
import { mayDo, ROLES } from "./roles";
import { SignIn } from "./SignIn";
import { expired, signed } from "./session";

const say = words({
  title: { en: "Keys are the admin API’s", ko: "키는 관리 API로 다룹니다" },
  about: {
    en: "Your API key, whatever its role, cannot make or revoke keys. The admin API can: it takes a client id and its secret, which are made on the server’s machine with:",
    ko: "API 키로는 역할과 관계없이 키를 만들거나 폐기할 수 없습니다. 관리 API가 필요하며, 클라이언트 ID와 비밀 값은 서버가 있는 컴퓨터에서 다음 명령으로 만듭니다.",
  },
  closes: {
    en: "On a server that has no key yet, this is the first one: from then on, every request needs a key.",
    ko: "아직 키가 없는 서버라면 이것이 첫 키가 됩니다. 그 뒤로는 모든 요청에 키가 필요합니다.",
  },
  enter: { en: "Enter client id and secret", ko: "클라이언트 ID와 비밀 값 입력" },
  over: {
    en: "The session is over: a token lasts half an hour. Enter the secret again.",
    ko: "세션이 끝났습니다. 토큰은 30분 동안 유효하니 비밀 값을 다시 입력하세요.",
  },
  roles: { en: "What each role may do", ko: "역할별 권한" },
  role: { en: "Role", ko: "역할" },
  may: { en: "May", ko: "할 수 있는 일" },
});

export function Keys() {
  const [asks, setAsks] = useState(false);
  return (
    <div class="stack">
      {signed.value ? (
        <Managed token={signed.value.token} client={signed.value.client} />
      ) : (
        <section class="panel stack">
          <h2>{say("title")}</h2>
          {expired.value && (
            <p class="notice warn" role="status">
              {say("over")}
            </p>
          )}
          <p>{say("about")}</p>
          <Code text="pinyon keys create ops --admin" />
          <p class="soft small">{say("closes")}</p>
          <p>
            <button type="button" class="button primary" onClick={() => setAsks(true)}>
              {say("enter")}
            </button>
          </p>
        </section>
      )}
      {asks && <SignIn onClose={() => setAsks(false)} />}
      <section class="panel">
        <h2>{say("roles")}</h2>
        <table class="table">
          <thead>
            <tr>
              <th>{say("role")}</th>
              <th>{say("may")}</th>
            </tr>
          </thead>
          <tbody>
            {ROLES.map((role) => (
              <tr key={role}>
                <td>
                  <code class="operate-name">{role}</code>
                </td>
                <td>{mayDo(role)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
