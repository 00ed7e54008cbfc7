import { useEffect, useRef, useState } from "preact/hooks";
import { send } from "../../api/client";
import { cancelImport, type Import, isUnderWay, LONGEST_URI, listImports, startImport } from "../../api/imports";
import type { Index } from "../../api/indexes";
import { everything } from "../../api/pages";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { CheckField, TextField } from "../../ui/Field";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { useAction } from "../../ui/useAction";
import { useCall } from "../../ui/useCall";
import { useRepeat } from "../../ui/useRepeat";
import { ImportList } from "./ImportList";

const say = words({
  title: { en: "Imports", ko: "가져오기" },
  about: {
    en: "The server itself reads Parquet or JSONL files, laid out as folder/namespace/*.parquet, from folders that it was started with (--import-root).",
    ko: "서버가 직접 Parquet이나 JSONL 파일을 읽습니다. 폴더/네임스페이스/*.parquet 구조로, 서버를 켤 때 허용한 폴더(--import-root)에 두어야 합니다.",
  },
  uri: { en: "Folder to import", ko: "가져올 폴더" },
  uri_hint: {
    en: "A path of the server, or an s3:// or gs:// address if it allows them.",
    ko: "서버의 경로입니다. 허용된 경우 s3://나 gs:// 주소도 됩니다.",
  },
  uri_empty: { en: "Say which folder to import.", ko: "가져올 폴더를 입력하세요." },
  uri_long: { en: "At most {count} characters are allowed.", ko: "{count}자까지 쓸 수 있습니다." },
  lenient: { en: "Leave out records that are wrong, and go on", ko: "잘못된 레코드는 건너뛰고 계속하기" },
  start: { en: "Start", ko: "시작" },
  starting: { en: "Starting…", ko: "시작하는 중…" },
  started: { en: "The import has begun.", ko: "가져오기를 시작했습니다." },
});

interface Props {
  readonly index: Index;
  /** The number of records has changed. */
  readonly onImported: () => void;
}

export function Imports({ index, onImported }: Props) {
  const imports = useCall((signal) => everything<Import>(listImports(index.name), signal), [index.name]);
  useRepeat(Boolean(imports.answer?.some(isUnderWay)), 1, imports.again);
  useWhenEnded(imports.answer, onImported);

  const cancelling = useAction();
  const cancel = (id: string) =>
    void cancelling.run(async () => {
      await send(cancelImport(index.name, id));
      imports.again();
    });

  return (
    <Section title={say("title")} about={say("about")}>
      <StartImport index={index.name} onStarted={imports.again} />
      {imports.error !== undefined && <Problem error={imports.error} again={imports.again} />}
      {cancelling.error !== undefined && <Problem error={cancelling.error} />}
      {imports.answer && imports.answer.length > 0 && (
        <ImportList imports={imports.answer} busy={cancelling.busy} onCancel={cancel} />
      )}
    </Section>
  );
}

function StartImport({ index, onStarted }: { index: string; onStarted: () => void }) {
  const [uri, setUri] = useState("");
  const [lenient, setLenient] = useState(false);
  const [tried, setTried] = useState(false);
  const action = useAction();
  const call = startImport(index, uri.trim(), lenient ? "continue" : "abort");
  const problem = !uri.trim() ? "uri_empty" : uri.trim().length > LONGEST_URI ? "uri_long" : undefined;

  const start = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (problem) return;
    if (!(await action.run(async () => void (await send(call))))) return;
    setUri("");
    setTried(false);
    toast(say("started"));
    onStarted();
  };

  return (
    <form class="stack tight" onSubmit={start} noValidate>
      <TextField
        label={say("uri")}
        value={uri}
        onInput={setUri}
        hint={say("uri_hint")}
        wrong={problem && (tried || uri) ? say(problem, { count: LONGEST_URI }) : undefined}
        placeholder="/data/films"
        autocomplete="off"
        spellcheck={false}
        mono
      />
      <CheckField label={say("lenient")} checked={lenient} onInput={setLenient} />
      {action.error !== undefined && <Problem error={action.error} />}
      <div class="row">
        <button type="submit" class="button small" disabled={action.busy}>
          {action.busy ? say("starting") : say("start")}
        </button>
        {uri.trim() && <AsCode call={call} />}
      </div>
    </form>
  );
}

/** Tells when more have ended than before; a quick one ends between two looks. */
function useWhenEnded(imports: readonly Import[] | undefined, then: () => void) {
  const ended = imports?.filter((one) => !isUnderWay(one)).length;
  const before = useRef(ended);
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    if (ended !== undefined && before.current !== undefined && ended > before.current) latest.current();
    before.current = ended;
  }, [ended]);
}
