import { useState } from "preact/hooks";
import { send } from "../../api/client";
import { deleteIndex } from "../../api/indexes";
import { to, withQuery } from "../../routes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Confirm } from "../../ui/Confirm";
import { INDEX } from "./calls";
import { look, place, startOver } from "./state";

const say = words({
  what: {
    en: "That was it. Keep the index to play with, or delete it: its records are gone at once, with nothing left behind.",
    ko: "여기까지입니다. 인덱스를 남겨 두고 더 해 볼 수도 있고, 지울 수도 있습니다. 지우면 레코드가 바로 사라지고 아무것도 남지 않습니다.",
  },
  remove: { en: "Delete the index “{index}”", ko: "인덱스 “{index}” 삭제" },
  title: { en: "Delete index {name}?", ko: "인덱스 {name}을(를) 삭제할까요?" },
  action: { en: "Delete", ko: "삭제" },
  about: {
    en: "All of its {count} records are deleted. This cannot be undone.",
    ko: "레코드 {count}개가 모두 삭제됩니다. 되돌릴 수 없습니다.",
  },
  careful: {
    en: "This tour did not make that index: look at it before you delete it.",
    ko: "이 둘러보기가 만든 인덱스가 아닙니다. 지우기 전에 내용을 확인하세요.",
  },
  gone: {
    en: "The sample index is not there (any more). Nothing is left to clean up.",
    ko: "예제 인덱스가 없습니다. 정리할 것이 남아 있지 않습니다.",
  },
  deleted: { en: "Index {index} is deleted.", ko: "인덱스 {index}을(를) 삭제했습니다." },
  over: { en: "Take the tour again", ko: "처음부터 다시 보기" },
  next: { en: "What next?", ko: "다음에는" },
  create: { en: "Create an index for your own data", ko: "내 데이터로 인덱스 만들기" },
  docs: { en: "Read the API reference", ko: "API 문서 보기" },
  operate: { en: "See how the server does", ko: "서버 상태 보기" },
});

export function Clean() {
  const [removes, setRemoves] = useState(false);
  const [, change] = useQuery();
  const at = place.value;
  return (
    <>
      <p>{say("what")}</p>
      <div aria-live="polite">
        {at?.is === "absent" && <p class="notice">{say("gone")}</p>}
        {at?.is === "there" && (
          <p>
            <button type="button" class="button danger" onClick={() => setRemoves(true)}>
              {say("remove", { index: INDEX })}
            </button>
          </p>
        )}
      </div>
      <AsCode call={deleteIndex(INDEX)} />
      <h3>{say("next")}</h3>
      <ul class="tour-next">
        <li>
          <a href={to.indexes()}>{say("create")}</a>
        </li>
        <li>
          <a href="/docs" target="_blank" rel="noreferrer">
            {say("docs")}
          </a>
        </li>
        <li>
          <a href={to.operate()}>{say("operate")}</a>
        </li>
        <li>
          <a
            href={withQuery(to.tour(), { step: "start" })}
            onClick={() => {
              startOver();
              change({ step: "start" });
            }}
          >
            {say("over")}
          </a>
        </li>
      </ul>
      {removes && at?.is === "there" && (
        <Confirm
          title={say("title", { name: INDEX })}
          action={say("action")}
          typed={INDEX}
          onClose={() => setRemoves(false)}
          onConfirm={async () => {
            await send(deleteIndex(INDEX));
            toast(say("deleted", { index: INDEX }));
            await look();
          }}
        >
          <p>{say("about", { count: at.count })}</p>
          {!at.ours && <p class="notice warn">{say("careful")}</p>}
        </Confirm>
      )}
    </>
  );
}
