import { useEffect, useRef, useState } from "preact/hooks";
import { bytes, number, words } from "../../state/language";
import { Dialog } from "../../ui/Dialog";
import { CheckField, SelectField } from "../../ui/Field";
import { download } from "../../ui/files";
import { Problem } from "../../ui/Problem";
import { exported, type Format } from "./export";
import type { View } from "./source";

const say = words({
  title: { en: "Export", ko: "내보내기" },
  what: { en: "Records", ko: "레코드" },
  view: { en: "All of this view", ko: "이 화면의 모든 레코드" },
  counted: {
    en: { one: "All of this view ({count})", other: "All of this view ({count})" },
    ko: "이 화면의 모든 레코드({count}개)",
  },
  chosen: { en: "Those chosen ({count})", ko: "선택한 레코드({count}개)" },
  format: { en: "Format", ko: "형식" },
  jsonl: { en: "JSONL: one record a line, as in the API", ko: "JSONL: API와 같은 형식, 한 줄에 레코드 하나" },
  csv: { en: "CSV: id and metadata, for spreadsheets", ko: "CSV: 아이디와 메타데이터, 스프레드시트용" },
  values: { en: "With vectors", ko: "벡터 포함" },
  columns: { en: "Columns: {fields}", ko: "열: {fields}" },
  formulas: {
    en: "Texts that begin with = + - or @ get an apostrophe in front, so that a spreadsheet does not run them as formulas. Lists are written as JSON.",
    ko: "=, +, -, @로 시작하는 문자열은 스프레드시트가 수식으로 실행하지 않도록 앞에 작은따옴표를 붙입니다. 목록은 JSON으로 씁니다.",
  },
  start: { en: "Export", ko: "내보내기" },
  cancel: { en: "Cancel", ko: "취소" },
  close: { en: "Close", ko: "닫기" },
  progress: { en: { one: "{count} record", other: "{count} records" }, ko: "레코드 {count}개" },
  of: { en: "{count} of {total} records", ko: "레코드 {total}개 중 {count}개" },
  done: {
    en: "{count} records, {size}, are in your downloads.",
    ko: "레코드 {count}개({size})를 다운로드 폴더에 저장했습니다.",
  },
});

interface Props {
  readonly view: View;
  readonly dimension: number;
  readonly total: number | undefined;
  readonly chosen: readonly string[];
  readonly fields: readonly string[];
  readonly onClose: () => void;
}

type State =
  | { readonly kind: "ready" }
  | { readonly kind: "running"; readonly records: number }
  | { readonly kind: "done"; readonly records: number; readonly size: number };

export function ExportDialog({ view, dimension, total, chosen, fields, onClose }: Props) {
  const [scope, setScope] = useState<"view" | "chosen">(chosen.length ? "chosen" : "view");
  const [format, setFormat] = useState<Format>("jsonl");
  const [withValues, setWithValues] = useState(true);
  const [state, setState] = useState<State>({ kind: "ready" });
  const [error, setError] = useState<unknown>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const ids = scope === "chosen" ? chosen : undefined;
  const expected = ids ? ids.length : total;
  const start = async (event: Event) => {
    event.preventDefault();
    const controller = new AbortController();
    running.current = controller;
    setError(undefined);
    setState({ kind: "running", records: 0 });
    let records = 0;
    const told = (count: number) => {
      records = count;
      setState({ kind: "running", records });
    };
    try {
      const blob = await exported({ view, dimension, ids, format, withValues, fields }, told, controller.signal);
      download(blob, `${view.place.index}.${format}`);
      setState({ kind: "done", records, size: blob.size });
    } catch (error) {
      setState({ kind: "ready" });
      if (!controller.signal.aborted) setError(error);
    }
  };

  return (
    <Dialog title={say("title")} onClose={onClose}>
      <form class="stack" onSubmit={start}>
        <SelectField
          label={say("what")}
          value={scope}
          onInput={(value) => setScope(value === "chosen" ? "chosen" : "view")}
          options={[
            ["view", total === undefined ? say("view") : say("counted", { count: total })],
            ...(chosen.length ? [["chosen", say("chosen", { count: chosen.length })] as const] : []),
          ]}
          disabled={state.kind === "running"}
        />
        <SelectField
          label={say("format")}
          value={format}
          onInput={(value) => setFormat(value === "csv" ? "csv" : "jsonl")}
          options={[
            ["jsonl", say("jsonl")],
            ["csv", say("csv")],
          ]}
          disabled={state.kind === "running"}
        />
        {format === "jsonl" ? (
          <CheckField
            label={say("values")}
            checked={withValues}
            onInput={setWithValues}
            disabled={state.kind === "running"}
          />
        ) : (
          <div class="soft small stack tight">
            <p class="data">{say("columns", { fields: ["id", ...fields].join(", ") })}</p>
            <p>{say("formulas")}</p>
          </div>
        )}
        {state.kind === "running" && <Progress records={state.records} expected={expected} />}
        {state.kind === "done" && (
          <p class="notice" role="status">
            {say("done", { count: state.records, size: bytes(state.size) })}
          </p>
        )}
        {error !== undefined && <Problem error={error} />}
        <div class="actions">
          {state.kind === "running" ? (
            <button type="button" class="button" onClick={() => running.current?.abort()}>
              {say("cancel")}
            </button>
          ) : (
            <button type="button" class="button" onClick={onClose}>
              {say("close")}
            </button>
          )}
          <button type="submit" class="button primary" disabled={state.kind === "running"}>
            {say("start")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Progress({ records, expected }: { records: number; expected: number | undefined }) {
  return (
    <div class="stack tight">
      <progress
        class="export-progress"
        aria-label={say("title")}
        {...(expected ? { value: Math.min(records, expected), max: expected } : {})}
      />
      <p class="soft small" role="status">
        {expected
          ? say("of", { count: number(records), total: number(expected) })
          : say("progress", { count: records })}
      </p>
    </div>
  );
}
