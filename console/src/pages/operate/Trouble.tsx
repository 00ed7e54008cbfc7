import { ApiError } from "../../api/client";
import { words } from "../../state/language";
import { Problem } from "../../ui/Problem";

const say = words({
  refused: { en: "Your key may not see this", ko: "이 키로는 볼 수 없습니다" },
  roles: {
    en: "A key with one of these roles may. “Forget key” above lets you enter another one.",
    ko: "다음 역할 중 하나를 가진 키가 필요합니다. 위의 “키 지우기”를 누르면 다른 키를 입력할 수 있습니다.",
  },
});

/** The roles that a refusal names as enough; none where it names none. */
export function rolesOf(error: unknown): readonly string[] {
  if (!(error instanceof ApiError) || error.status !== 403) return [];
  const [, list] = /takes one of: ([A-Za-z, ]+)\.?$/.exec(error.message) ?? [];
  return list ? list.split(", ") : [];
}

/** A problem; for want of a role, which roles would do. */
export function Trouble({ error, again }: { error: unknown; again: () => void }) {
  const roles = rolesOf(error);
  if (!roles.length) return <Problem error={error} again={again} />;
  return (
    <div class="notice warn stack tight" role="alert">
      <strong>{say("refused")}</strong>
      <p>{say("roles")}</p>
      <p class="row">
        {roles.map((role) => (
          <span key={role} class="badge">
            {role}
          </span>
        ))}
      </p>
      <p class="soft small data">{(error as ApiError).message}</p>
    </div>
  );
}
