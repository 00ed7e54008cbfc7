import { ApiError, send } from "../../api/client";
import {
  countMatching,
  DELETE_BATCH,
  deleteByFilter,
  deleteIds,
  type Found,
  fetchByFilter,
  type Place,
} from "../../api/records";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { Confirm } from "../../ui/Confirm";
import type { Filter } from "../../ui/filter/filter";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { recordsOf } from "./source";

const say = words({
  one: { en: "Delete this record?", ko: "이 레코드를 삭제할까요?" },
  many: {
    en: { one: "Delete {count} record?", other: "Delete {count} records?" },
    ko: "레코드 {count}개를 삭제할까요?",
  },
  matching: { en: "Delete all records that match?", ko: "조건에 맞는 레코드를 모두 삭제할까요?" },
  finally: {
    en: "This cannot be undone, except by restoring a backup.",
    ko: "되돌릴 수 없습니다. 백업을 복원해야만 되살릴 수 있습니다.",
  },
  action: { en: "Delete", ko: "삭제" },
  filter: { en: "The filter", ko: "필터" },
  count: {
    en: { one: "{count} record matches now", other: "{count} records match now" },
    ko: "현재 {count}개가 일치합니다",
  },
  which: { en: "These", ko: "대상" },
  among: { en: "Among them", ko: "그중 일부" },
  more: { en: "and {count} more", ko: "외 {count}개" },
  changed: {
    en: "Meanwhile {now} match, not {before}. Nothing was deleted: look at the new preview and confirm again.",
    ko: "그사이 일치하는 레코드가 {before}개에서 {now}개로 바뀌었습니다. 삭제하지 않았습니다. 새 미리 보기를 확인하고 다시 진행하세요.",
  },
  done: {
    en: { one: "{count} record deleted.", other: "{count} records deleted." },
    ko: "레코드 {count}개를 삭제했습니다.",
  },
  all: { en: "The records that matched are deleted.", ko: "일치하는 레코드를 삭제했습니다." },
  from: {
    en: "From index {index}, namespace {namespace}.",
    ko: "인덱스 {index}, 네임스페이스 {namespace}에서 삭제합니다.",
  },
  default: { en: "(default)", ko: "(기본)" },
});

const PREVIEW = 12;

interface Props {
  readonly place: Place;
  readonly what: { readonly ids: readonly string[] } | { readonly filter: Filter };
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

export function DeleteRecords(props: Props) {
  return "ids" in props.what ? (
    <DeleteIds {...props} ids={props.what.ids} />
  ) : (
    <DeleteMatching {...props} filter={props.what.filter} />
  );
}

function DeleteIds({ place, ids, onClose, onDeleted }: Props & { ids: readonly string[] }) {
  const confirm = async () => {
    for (let at = 0; at < ids.length; at += DELETE_BATCH)
      await send(deleteIds(place, ids.slice(at, at + DELETE_BATCH)));
    toast(say("done", { count: ids.length }));
    onDeleted();
  };
  return (
    <Confirm
      title={ids.length === 1 ? say("one") : say("many", { count: ids.length })}
      action={say("action")}
      {...(ids.length > 1 ? { typed: String(ids.length) } : {})}
      onClose={onClose}
      onConfirm={confirm}
    >
      <Where place={place} />
      <Some ids={ids} count={ids.length} title={say("which")} />
      <p>{say("finally")}</p>
    </Confirm>
  );
}

function DeleteMatching({ place, filter, onClose, onDeleted }: Props & { filter: Filter }) {
  const preview = useCall(
    async (signal) => {
      const [count, found] = await Promise.all([
        countMatching(place, filter, signal),
        send<Found>(fetchByFilter(place, filter, PREVIEW), signal),
      ]);
      return { count, ids: recordsOf(found).map(({ id }) => id) };
    },
    [place.index, place.namespace, JSON.stringify(filter)],
  );
  const confirm = async () => {
    const previewed = preview.answer?.count;
    const now = await countMatching(place, filter);
    if (now !== previewed) {
      preview.again();
      throw new ApiError(say("changed", { now: now ?? 0, before: previewed ?? 0 }), 409, "ABORTED", "");
    }
    await send(deleteByFilter(place, filter));
    toast(now === undefined ? say("all") : say("done", { count: now }));
    onDeleted();
  };
  return (
    <Confirm title={say("matching")} action={say("action")} typed={place.index} onClose={onClose} onConfirm={confirm}>
      <Where place={place} />
      <p class="soft small">{say("filter")}</p>
      <pre class="delete-filter data">{JSON.stringify(filter, null, 1)}</pre>
      {preview.error !== undefined && <Problem error={preview.error} again={preview.again} />}
      {!preview.answer && preview.waiting && <Waiting />}
      {preview.answer?.count !== undefined && (
        <p>
          <strong>{say("count", { count: preview.answer.count })}</strong>
        </p>
      )}
      {preview.answer && (
        <Some ids={preview.answer.ids} count={preview.answer.count ?? preview.answer.ids.length} title={say("among")} />
      )}
      <p>{say("finally")}</p>
    </Confirm>
  );
}

function Where({ place }: { place: Place }) {
  return <p class="data">{say("from", { index: place.index, namespace: place.namespace || say("default") })}</p>;
}

function Some({ ids, count, title }: { ids: readonly string[]; count: number; title: string }) {
  const shown = ids.slice(0, PREVIEW);
  if (!shown.length) return null;
  return (
    <div>
      <p class="soft small">{title}</p>
      <ul class="delete-ids mono">
        {shown.map((id) => (
          <li key={id} class="data">
            {id}
          </li>
        ))}
      </ul>
      {count > shown.length && <p class="soft small">{say("more", { count: count - shown.length })}</p>}
    </div>
  );
}
