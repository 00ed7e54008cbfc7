import { ApiError } from "../../api/client";
import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { Empty } from "../../ui/Empty";

const say = words({
  title: { en: "There is no index named {name}", ko: "{name} 인덱스가 없습니다" },
  why: {
    en: "It was deleted, here or by somebody else, or it never existed. Its backups, if there are any, are still there.",
    ko: "여기서나 다른 곳에서 삭제되었거나, 처음부터 없던 인덱스입니다. 백업이 있다면 그대로 남아 있습니다.",
  },
  back: { en: "To the indexes", ko: "인덱스 목록으로" },
  backups: { en: "Look for a backup", ko: "백업 찾아보기" },
});

/** Whether the index of a page is not there (any more). */
export const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

export function Gone({ name }: { name: string }) {
  return (
    <Empty title={say("title", { name })}>
      <p>{say("why")}</p>
      <p class="row centred">
        <a class="button primary" href={to.indexes()}>
          {say("back")}
        </a>
        <a class="button" href={withQuery(to.backups(), { find: name })}>
          {say("backups")}
        </a>
      </p>
    </Empty>
  );
}
