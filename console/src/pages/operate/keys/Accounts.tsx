import { useState } from "preact/hooks";
import { admin, fetchAccounts, type ServiceAccount } from "../../../api/admin";
import { send } from "../../../api/client";
import { moment, words } from "../../../state/language";
import { toast } from "../../../state/toasts";
import { AsCode } from "../../../ui/AsCode";
import { Confirm } from "../../../ui/Confirm";
import { Empty } from "../../../ui/Empty";
import { Problem } from "../../../ui/Problem";
import { useCall } from "../../../ui/useCall";
import { Waiting } from "../../../ui/Waiting";
import { CreateAccount } from "./CreateAccount";
import type { Made } from "./Secret";
import { within } from "./session";

const say = words({
  title: { en: "Service accounts", ko: "서비스 계정" },
  about: {
    en: "Clients of the admin API: each has a client id and a secret.",
    ko: "관리 API의 클라이언트입니다. 계정마다 클라이언트 ID와 비밀 값이 있습니다.",
  },
  create: { en: "Create a service account", ko: "서비스 계정 만들기" },
  name: { en: "Name", ko: "이름" },
  client: { en: "Client id", ko: "클라이언트 ID" },
  created: { en: "Created", ko: "만든 때" },
  actions: { en: "Actions", ko: "작업" },
  remove: { en: "Delete", ko: "삭제" },
  removeOf: { en: "Delete {name}", ko: "{name} 삭제" },
  removeTitle: { en: "Delete service account {name}?", ko: "서비스 계정 {name}을(를) 삭제할까요?" },
  removeAbout: {
    en: "Its secret and its tokens stop working at once. If it is the one you are signed in with, you are signed out.",
    ko: "비밀 값과 토큰이 바로 무효가 됩니다. 지금 로그인한 계정이라면 로그아웃됩니다.",
  },
  removed: { en: "Service account {name} is deleted.", ko: "서비스 계정 {name}을(를) 삭제했습니다." },
  none: { en: "There is none", ko: "서비스 계정이 없습니다" },
});

export function Accounts({ token, onMade }: { token: string; onMade: (made: Made) => void }) {
  const accounts = useCall((signal) => within(fetchAccounts(token, signal)), [token]);
  const [creates, setCreates] = useState(false);
  const [removes, setRemoves] = useState<ServiceAccount>();

  return (
    <section class="panel stack tight">
      <div class="row spread">
        <h2>{say("title")}</h2>
        <button type="button" class="button" onClick={() => setCreates(true)}>
          {say("create")}
        </button>
      </div>
      <p class="soft small">{say("about")}</p>
      {accounts.error !== undefined && <Problem error={accounts.error} again={accounts.again} />}
      {!accounts.answer && accounts.waiting && <Waiting />}
      {accounts.answer?.length === 0 && <Empty title={say("none")} />}
      {accounts.answer && accounts.answer.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <div class="scroll" tabIndex={0} role="region" aria-label={say("title")}>
          <table class="table operate-wide">
            <thead>
              <tr>
                <th>{say("name")}</th>
                <th>{say("client")}</th>
                <th>{say("created")}</th>
                <th>{say("actions")}</th>
              </tr>
            </thead>
            <tbody>
              {accounts.answer.map((one) => (
                <tr key={one.id}>
                  <td class="data">{one.name}</td>
                  <td class="mono data small">{one.client_id}</td>
                  <td class="small">{moment(one.created_at)}</td>
                  <td>
                    <button
                      type="button"
                      class="button small danger"
                      aria-label={say("removeOf", { name: one.name })}
                      onClick={() => setRemoves(one)}
                    >
                      {say("remove")}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <AsCode call={admin("…").accounts()} />
      {creates && (
        <CreateAccount
          token={token}
          onClose={() => setCreates(false)}
          onMade={(made) => {
            onMade(made);
            accounts.again();
          }}
        />
      )}
      {removes && (
        <Confirm
          title={say("removeTitle", { name: removes.name })}
          action={say("remove")}
          typed={removes.name}
          onClose={() => setRemoves(undefined)}
          onConfirm={async () => {
            await within(send(admin(token).deleteAccount(removes.id)));
            toast(say("removed", { name: removes.name }));
            accounts.again();
          }}
        >
          <p>{say("removeAbout")}</p>
        </Confirm>
      )}
    </section>
  );
}
