import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { ApiError, send } from "../../api/client";
import { deleteIndex, type Index } from "../../api/indexes";
import { to } from "../../routes";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Confirm } from "../../ui/Confirm";
import { Section } from "../../ui/Section";

const say = words({
  title: { en: "Delete this index", ko: "인덱스 삭제" },
  about: {
    en: "All of its records go with it. Its backups stay.",
    ko: "모든 레코드가 함께 삭제되고, 백업은 남습니다.",
  },
  kept: {
    en: "Deletion protection is on, so the server refuses to delete this index. Turn it off under Settings first.",
    ko: "삭제 보호가 켜져 있어 서버가 삭제를 거절합니다. 먼저 설정에서 삭제 보호를 끄세요.",
  },
  open: { en: "Delete the index…", ko: "인덱스 삭제…" },
  forever: { en: "This cannot be undone.", ko: "되돌릴 수 없습니다." },
  remove: { en: "Delete index", ko: "인덱스 삭제" },
  removed: { en: "Index {name} was deleted.", ko: "인덱스 {name}을(를) 삭제했습니다." },
});

export function DeleteIndex({ index, onChanged }: { index: Index; onChanged: () => void }) {
  const { route } = useLocation();
  const [asking, setAsking] = useState(false);
  const kept = index.deletion_protection === "enabled";
  const call = deleteIndex(index.name);

  const remove = async () => {
    try {
      await send(call);
    } catch (error) {
      // Somebody else was faster, with deleting it or with protecting it: the page shows how it is now.
      if (error instanceof ApiError && (error.status === 403 || error.status === 404)) onChanged();
      throw error;
    }
    toast(say("removed", { name: index.name }));
    route(to.indexes());
  };

  return (
    <Section title={say("title")} about={say("about")}>
      {kept && <p class="notice">{say("kept")}</p>}
      <div>
        <button type="button" class="button danger" disabled={kept} onClick={() => setAsking(true)}>
          {say("open")}
        </button>
      </div>
      {asking && (
        <Confirm
          title={say("title")}
          action={say("remove")}
          typed={index.name}
          onClose={() => setAsking(false)}
          onConfirm={remove}
        >
          <p>
            <strong class="data">{index.name}</strong>
          </p>
          <p>{say("about")}</p>
          <p class="notice warn">{say("forever")}</p>
          <AsCode call={call} />
        </Confirm>
      )}
    </Section>
  );
}
