import { useState } from "preact/hooks";
import { type ApiKey, admin, fetchKeys, fetchProjects } from "../../../api/admin";
import { send } from "../../../api/client";
import { moment, words } from "../../../state/language";
import { useQuery } from "../../../state/query";
import { toast } from "../../../state/toasts";
import { AsCode } from "../../../ui/AsCode";
import { Confirm } from "../../../ui/Confirm";
import { Empty } from "../../../ui/Empty";
import { SelectField } from "../../../ui/Field";
import { Problem } from "../../../ui/Problem";
import { useCall } from "../../../ui/useCall";
import { Waiting } from "../../../ui/Waiting";
import { Accounts } from "./Accounts";
import { ChangeRoles } from "./ChangeRoles";
import { CreateKey } from "./CreateKey";
import { KeyTable } from "./KeyTable";
import { type Made, Secret } from "./Secret";
import { signOut, within } from "./session";

const say = words({
  keys: { en: "API keys", ko: "API 키" },
  project: { en: "Project", ko: "프로젝트" },
  create: { en: "Create a key", ko: "키 만들기" },
  out: { en: "Sign out", ko: "로그아웃" },
  as: { en: "Signed in as client {client}", ko: "클라이언트 {client}로 로그인함" },
  none: { en: "This project has no key", ko: "이 프로젝트에는 키가 없습니다" },
  first: {
    en: "The first key closes the server for requests without one.",
    ko: "첫 키를 만들면 키 없는 요청은 더 이상 받지 않습니다.",
  },
  revoke: { en: "Revoke", ko: "폐기" },
  revokeTitle: { en: "Revoke key {name}?", ko: "키 {name}을(를) 폐기할까요?" },
  revokeAbout: {
    en: "Programs that use it are refused from the next request on. This cannot be undone.",
    ko: "이 키를 쓰는 프로그램은 다음 요청부터 거절됩니다. 되돌릴 수 없습니다.",
  },
  revoked: { en: "Key {name} is revoked.", ko: "키 {name}을(를) 폐기했습니다." },
  until: { en: "expires {when}", ko: "{when} 만료" },
});

export function Managed({ token, client }: { token: string; client: string }) {
  const [{ project: chosen = "" }, change] = useQuery();
  const projects = useCall((signal) => within(fetchProjects(token, signal)), [token]);
  const project = projects.answer?.find(({ id }) => id === chosen) ?? projects.answer?.[0];
  const id = project?.id ?? "";
  const keys = useCall(
    (signal) => (id ? within(fetchKeys(token, id, signal)) : Promise.resolve<readonly ApiKey[]>([])),
    [token, id],
  );
  const [creates, setCreates] = useState(false);
  const [made, setMade] = useState<Made>();
  const [revokes, setRevokes] = useState<ApiKey>();
  const [changes, setChanges] = useState<ApiKey>();

  return (
    <>
      <section class="panel stack">
        <div class="row spread">
          <h2>{say("keys")}</h2>
          <span class="row">
            <span class="soft small mono data">{say("as", { client: `${client.slice(0, 8)}…` })}</span>
            <button type="button" class="button small" onClick={signOut}>
              {say("out")}
            </button>
          </span>
        </div>
        {projects.error !== undefined && <Problem error={projects.error} again={projects.again} />}
        {project && (
          <div class="operate-filters">
            <div class="grow">
              <SelectField
                label={say("project")}
                value={id}
                options={(projects.answer ?? []).map((one) => [one.id, one.name] as const)}
                onInput={(project) => change({ project })}
              />
            </div>
            <button type="button" class="button primary" onClick={() => setCreates(true)}>
              {say("create")}
            </button>
          </div>
        )}
        {keys.error !== undefined && <Problem error={keys.error} again={keys.again} />}
        {(!projects.answer || !keys.answer) && (projects.waiting || keys.waiting) && <Waiting />}
        {project && keys.answer?.length === 0 && !keys.waiting && (
          <Empty title={say("none")}>
            <p>{say("first")}</p>
          </Empty>
        )}
        {keys.answer && keys.answer.length > 0 && (
          <KeyTable keys={keys.answer} onRoles={setChanges} onRevoke={setRevokes} />
        )}
        {project && <AsCode call={admin("…").keys(id)} />}
      </section>
      <Accounts token={token} onMade={setMade} />
      {creates && (
        <CreateKey
          token={token}
          project={id}
          onClose={() => setCreates(false)}
          onMade={(made) => {
            setMade(made);
            keys.again();
          }}
        />
      )}
      {made && <Secret made={made} onClose={() => setMade(undefined)} />}
      {changes && <ChangeRoles token={token} of={changes} onClose={() => setChanges(undefined)} onDone={keys.again} />}
      {revokes && (
        <Confirm
          title={say("revokeTitle", { name: revokes.name })}
          action={say("revoke")}
          typed={revokes.name}
          onClose={() => setRevokes(undefined)}
          onConfirm={async () => {
            await within(send(admin(token).revokeKey(revokes.id)));
            toast(say("revoked", { name: revokes.name }));
            keys.again();
          }}
        >
          <p>{say("revokeAbout")}</p>
          <p class="soft small data">
            <code>{revokes.id}</code>
            {revokes.expires_at && ` · ${say("until", { when: moment(revokes.expires_at) })}`}
          </p>
        </Confirm>
      )}
    </>
  );
}
