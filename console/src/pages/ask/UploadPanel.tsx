import { useId, useState } from "preact/hooks";
import { bytes, percent, words } from "../../state/language";
import { TextArea } from "../../ui/Field";
import { told } from "../../ui/Problem";
import type { Obstacle } from "./kinds";
import { filterWrong } from "./settings";
import type { Upload, Uploads } from "./useUploads";

const say = words({
  drop: { en: "Drop files here", ko: "여기에 파일을 놓으세요" },
  choose: { en: "Choose files…", ko: "파일 선택…" },
  kinds: {
    en: "PDF, Word, PowerPoint, Hangul, HTML, Markdown, text, code, notebooks, CSV",
    ko: "PDF, Word, PowerPoint, 한글, HTML, Markdown, 텍스트, 코드, 노트북, CSV",
  },
  limit: { en: "at most {size} each", ko: "파일당 {size}까지" },
  metadata: { en: "Metadata of the files that come next (JSON)", ko: "다음에 올릴 파일의 메타데이터 (JSON)" },
  metadataHint: {
    en: 'Such as {"kind": "manual", "year": 2026}: strings, numbers, booleans, lists of strings. Answers can be limited by it.',
    ko: '예: {"kind": "manual", "year": 2026}. 문자열, 숫자, 참/거짓, 문자열 목록을 쓸 수 있고, 답변 범위를 좁히는 데 씁니다.',
  },
  notObject: { en: "This is not a JSON object.", ko: "JSON 객체가 아닙니다." },
  uploads: { en: "Uploads", ko: "업로드" },
  waiting: { en: "Waiting", ko: "대기 중" },
  sending: { en: "Sending, {share}", ko: "보내는 중, {share}" },
  saving: { en: "Sent; the server is storing it", ko: "전송 완료. 서버에 저장하는 중" },
  cancel: { en: "Cancel", ko: "취소" },
  dismiss: { en: "Dismiss", ko: "닫기" },
  again: { en: "Try again", ko: "다시 시도" },
  anyway: { en: "Send anyway", ko: "그래도 보내기" },
  large: {
    en: "It has {size}, and this server takes {limit} a file at most. It was not sent: divide it, or raise requests.file_bytes.",
    ko: "크기가 {size}입니다. 이 서버는 파일당 {limit}까지 받으므로 보내지 않았습니다. 나누거나 requests.file_bytes를 늘리세요.",
  },
  empty: { en: "It is empty, so there is nothing to read.", ko: "빈 파일이라 읽을 내용이 없습니다." },
  unread: {
    en: "This server reads no such files: no images, sound, archives or programs.",
    ko: "이 서버가 읽지 않는 형식입니다(이미지, 소리, 압축 파일, 프로그램 등).",
  },
  other: {
    en: "This server does not read this format: save it as {save}.",
    ko: "읽을 수 없는 형식입니다. {save}로 저장해 주세요.",
  },
  name: {
    en: "Its name is longer than 255 characters, or has invisible ones: rename it.",
    ko: "이름이 255자를 넘거나 보이지 않는 문자가 들어 있습니다. 이름을 바꿔 주세요.",
  },
});

/** Files come by dropping, by choosing, and by keyboard. */
export function UploadPanel({ uploads, limit }: { uploads: Uploads; limit: number | undefined }) {
  const [over, setOver] = useState(false);
  const [metadata, setMetadata] = useState("");
  const id = useId();
  const bad = filterWrong(metadata) !== undefined;
  const add = (files: FileList | null | undefined) => {
    if (files && !bad) uploads.add([...files], metadata.trim() ? (JSON.parse(metadata) as unknown) : undefined);
  };

  return (
    <section class="stack tight">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same */}
      <div
        class={over ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          add(event.dataTransfer?.files);
        }}
      >
        <p>
          <strong>{say("drop")}</strong>
        </p>
        <label class="button" for={id}>
          {say("choose")}
          <input
            id={id}
            class="hidden-visually"
            type="file"
            multiple
            disabled={bad}
            onChange={(event) => {
              add(event.currentTarget.files);
              event.currentTarget.value = "";
            }}
          />
        </label>
        <p class="soft small">
          {say("kinds")}
          {limit !== undefined && ` · ${say("limit", { size: bytes(limit) })}`}
        </p>
      </div>
      <details open={bad || undefined}>
        <summary class="soft small">{say("metadata")}</summary>
        <TextArea
          label={say("metadata")}
          hint={say("metadataHint")}
          wrong={bad ? say("notObject") : undefined}
          value={metadata}
          onInput={setMetadata}
          rows={2}
          mono
          spellcheck={false}
        />
      </details>
      {uploads.uploads.length > 0 && (
        <ul class="uploads panel" aria-label={say("uploads")} aria-live="polite">
          {uploads.uploads.map((one) => (
            <Row key={one.id} upload={one} uploads={uploads} limit={limit} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Row({ upload, uploads, limit }: { upload: Upload; uploads: Uploads; limit: number | undefined }) {
  const { id, file, state, share, error, refused } = upload;
  const moving = state === "waiting" || state === "sending";
  const anyway = refused && ["empty", "unread", "other"].includes(refused.why);
  return (
    <li class="stack tight">
      <div class="row">
        <span class="data grow">{file.name}</span>
        <span class="soft small">{bytes(file.size)}</span>
        {(state === "failed" || anyway) && (
          <button type="button" class="button small" onClick={() => uploads.again(id)}>
            {say(state === "failed" ? "again" : "anyway")}
          </button>
        )}
        <button type="button" class="button small" onClick={() => uploads.dismiss(id)}>
          {say(moving ? "cancel" : "dismiss")}
          <span class="hidden-visually"> {file.name}</span>
        </button>
      </div>
      {state === "sending" && (
        <div class="row">
          <progress class="grow" max={1} value={share} aria-label={file.name} />
          <span class="soft small">{share < 1 ? say("sending", { share: percent(share, 0) }) : say("saving")}</span>
        </div>
      )}
      {state === "waiting" && <span class="soft small">{say("waiting")}</span>}
      {state === "failed" && <p class="wrong data">{told(error)}</p>}
      {state === "refused" && refused && <p class="wrong">{why(refused, file.size, limit)}</p>}
    </li>
  );
}

function why(refused: Obstacle, size: number, limit: number | undefined): string {
  if (refused.why === "large") return say("large", { size: bytes(size), limit: bytes(limit ?? 0) });
  return refused.why === "other" ? say("other", { save: refused.save }) : say(refused.why);
}
