import { ApiError } from "../api/client";
import { words } from "../state/language";

const say = words({
  unreachable: {
    en: "The server does not answer. What you typed is still here; try again once it runs.",
    ko: "서버가 응답하지 않습니다. 입력한 내용은 그대로 있으니, 서버가 켜지면 다시 시도하세요.",
  },
  forbidden: { en: "Your key may not do this.", ko: "이 키로는 할 수 없는 일입니다." },
  missing: { en: "It is not there (any more).", ko: "존재하지 않거나 삭제되었습니다." },
  unforeseen: { en: "Something unforeseen went wrong in the console.", ko: "콘솔에서 예상하지 못한 오류가 났습니다." },
  again: { en: "Try again", ko: "다시 시도" },
  request: { en: "Request {id}", ko: "요청 {id}" },
});

/** What a person is told of an error: what happened in the server's words, and what that means. */
export function told(error: unknown): string {
  if (!(error instanceof ApiError))
    return `${say("unforeseen")} ${error instanceof Error ? error.message : String(error)}`;
  if (error.status === 0) return say("unreachable");
  if (error.status === 403) return `${say("forbidden")} ${error.message}`;
  if (error.status === 404) return `${say("missing")} ${error.message}`;
  return error.message;
}

export function Problem({ error, again }: { error: unknown; again?: () => void }) {
  const id = error instanceof ApiError ? error.requestId : "";
  return (
    <div class="notice bad stack tight" role="alert">
      <p class="data">{told(error)}</p>
      <div class="row">
        {again && (
          <button type="button" class="button small" onClick={again}>
            {say("again")}
          </button>
        )}
        {id && <span class="soft small mono">{say("request", { id })}</span>}
      </div>
    </div>
  );
}
