import { useState } from "preact/hooks";
import type { StoredFile } from "../../api/assistants";
import { bytes, moment, number, percent, words } from "../../state/language";
import { Download } from "./Download";

const say = words({
  all: { en: "Choose all", ko: "모두 선택" },
  one: { en: "Choose {name}", ko: "{name} 선택" },
  name: { en: "File", ko: "파일" },
  size: { en: "Size", ko: "크기" },
  status: { en: "Status", ko: "상태" },
  metadata: { en: "Metadata", ko: "메타데이터" },
  when: { en: "Uploaded", ko: "올린 때" },
  actions: { en: "Actions", ko: "작업" },
  change: { en: "Metadata…", ko: "메타데이터…" },
  remove: { en: "Delete…", ko: "삭제…" },
  more: { en: { one: "Show {count} more", other: "Show {count} more" }, ko: "{count}개 더 보기" },
  Processing: { en: "Processing {share}", ko: "읽는 중 {share}" },
  Available: { en: "Available", ko: "사용 가능" },
  ProcessingFailed: { en: "ProcessingFailed", ko: "읽기 실패" },
  Deleting: { en: "Deleting", ko: "삭제 중" },
});

const AT_ONCE = 100;
const TONES = { Processing: "warn", Available: "good", ProcessingFailed: "bad", Deleting: "warn" } as const;

interface Props {
  readonly assistant: string;
  readonly files: readonly StoredFile[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
  readonly onChange: (file: StoredFile) => void;
  readonly onDelete: (file: StoredFile) => void;
}

export function FileTable({ assistant, files, chosen, onChoose, onChange, onDelete }: Props) {
  const [most, setMost] = useState(AT_ONCE);
  const shown = files.slice(0, most);
  const all = files.every((file) => chosen.has(file.id));
  const toggle = (id: string) => {
    const now = new Set(chosen);
    if (!now.delete(id)) now.add(id);
    onChoose(now);
  };

  return (
    <>
      <div class="scroll">
        <table class="table files">
          <thead>
            <tr>
              <th>
                <input
                  type="checkbox"
                  aria-label={say("all")}
                  checked={all}
                  onChange={() => onChoose(new Set(all ? [] : files.map((file) => file.id)))}
                />
              </th>
              <th>{say("name")}</th>
              <th>{say("status")}</th>
              <th class="number">{say("size")}</th>
              <th>{say("metadata")}</th>
              <th>{say("when")}</th>
              <th>
                <span class="hidden-visually">{say("actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((file) => (
              <tr key={file.id}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={say("one", { name: file.name })}
                    checked={chosen.has(file.id)}
                    onChange={() => toggle(file.id)}
                  />
                </td>
                <td>
                  <span class="data name">{file.name}</span>
                </td>
                <td>
                  <Status file={file} />
                </td>
                <td class="number nowrap">{bytes(file.size)}</td>
                <td>
                  <Metadata metadata={file.metadata} />
                </td>
                <td class="soft small">{moment(file.created_on)}</td>
                <td>
                  <span class="row nowrap">
                    <Download assistant={assistant} id={file.id} name={file.name} />
                    <button type="button" class="button small" onClick={() => onChange(file)}>
                      {say("change")}
                      <span class="hidden-visually"> {file.name}</span>
                    </button>
                    <button type="button" class="button small" onClick={() => onDelete(file)}>
                      {say("remove")}
                      <span class="hidden-visually"> {file.name}</span>
                    </button>
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {files.length > most && (
        <button type="button" class="button" onClick={() => setMost(most + 5 * AT_ONCE)}>
          {say("more", { count: number(Math.min(files.length - most, 5 * AT_ONCE)) })}
        </button>
      )}
    </>
  );
}

function Status({ file }: { file: StoredFile }) {
  const share = percent(file.percent_done ?? 0, 0);
  return (
    <span class="stack tight">
      <span>
        <span class={`badge ${TONES[file.status] ?? ""}`}>{say(file.status, { share })}</span>
      </span>
      {file.error_message && <span class="wrong small data reason">{file.error_message}</span>}
    </span>
  );
}

function Metadata({ metadata }: { metadata: StoredFile["metadata"] }) {
  const pairs = Object.entries(metadata ?? {});
  if (!pairs.length) return <span class="soft">–</span>;
  return (
    <span class="row pairs">
      {pairs.slice(0, 4).map(([field, value]) => (
        <span key={field} class="badge data">
          {field}: {typeof value === "string" ? value : JSON.stringify(value)}
        </span>
      ))}
      {pairs.length > 4 && <span class="soft small">+{number(pairs.length - 4)}</span>}
    </span>
  );
}
