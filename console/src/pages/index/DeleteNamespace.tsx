import { send } from "../../api/client";
import { deleteNamespace } from "../../api/namespaces";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Confirm } from "../../ui/Confirm";

const say = words({
  title: { en: "Delete a namespace", ko: "네임스페이스 삭제" },
  lost: {
    en: { one: "Its only record is deleted with it.", other: "All of its {count} records are deleted with it." },
    ko: "안에 든 레코드 {count}개도 함께 삭제됩니다.",
  },
  none: { en: "It holds no records.", ko: "안에 든 레코드가 없습니다." },
  forever: {
    en: "This cannot be undone. A backup of the index can bring it back.",
    ko: "되돌릴 수 없습니다. 인덱스 백업이 있으면 복원할 수 있습니다.",
  },
  remove: { en: "Delete namespace", ko: "네임스페이스 삭제" },
  removed: { en: "Namespace {name} was deleted.", ko: "네임스페이스 {name}을(를) 삭제했습니다." },
});

interface Props {
  readonly index: string;
  readonly name: string;
  readonly records: number;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

export function DeleteNamespace({ index, name, records, onClose, onDeleted }: Props) {
  const call = deleteNamespace(index, name);
  const remove = async () => {
    await send(call);
    toast(say("removed", { name }));
    onDeleted();
  };
  return (
    <Confirm title={say("title")} action={say("remove")} typed={name} onClose={onClose} onConfirm={remove}>
      <p>
        <strong class="data">{name}</strong>
      </p>
      <p>{records ? say("lost", { count: records }) : say("none")}</p>
      <p class="notice warn">{say("forever")}</p>
      <AsCode call={call} />
    </Confirm>
  );
}
