import { useState } from "preact/hooks";
import type { StoredFile } from "../../api/assistants";
import { bytes, words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Code } from "../../ui/Code";
import { Empty } from "../../ui/Empty";
import { Problem } from "../../ui/Problem";
import { Waiting } from "../../ui/Waiting";
import { uploadCode } from "./code";
import { DeleteFiles } from "./DeleteFiles";
import { FileFilter } from "./FileFilter";
import { FileMetadata } from "./FileMetadata";
import { FileTable } from "./FileTable";
import { filterWrong } from "./settings";
import { UploadPanel } from "./UploadPanel";
import { type Files, useFiles } from "./useFiles";
import type { Uploads } from "./useUploads";

const say = words({
  none: { en: "No files yet", ko: "아직 파일이 없습니다" },
  noneAbout: {
    en: "Drop some above. Answers are made from them alone.",
    ko: "위에 파일을 놓으세요. 답은 이 파일만으로 만듭니다.",
  },
  nothing: { en: "No file is like that.", ko: "조건에 맞는 파일이 없습니다." },
  total: {
    en: { one: "{count} file, {size}", other: "{count} files, {size}" },
    ko: "파일 {count}개, {size}",
  },
  remove: { en: { one: "Delete {count} file…", other: "Delete {count} files…" }, ko: "파일 {count}개 삭제…" },
  code: { en: "An upload as code", ko: "업로드 코드" },
});

interface Props {
  readonly assistant: string;
  readonly files: Files;
  readonly uploads: Uploads;
  /** Bytes of a file, at most, where that is known. */
  readonly limit: number | undefined;
}

export function FilesView({ assistant, files, uploads, limit }: Props) {
  const [query] = useQuery();
  const filter = filterWrong(query.files ?? "") ? "" : (query.files ?? "");
  const filtered = useFiles(assistant, filter);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [deleting, setDeleting] = useState<readonly StoredFile[]>();
  const [changing, setChanging] = useState<StoredFile>();

  // Without a filter it is the list that the page has anyway.
  const { answer, error, waiting, again } = filter ? filtered : files;
  const wanted = (query.name ?? "").trim().toLowerCase();
  const shown = (answer ?? [])
    .filter((file) => file.name.toLowerCase().includes(wanted))
    .sort((one, other) => other.created_on.localeCompare(one.created_on));
  const marked = shown.filter((file) => chosen.has(file.id));
  const refresh = () => {
    files.again();
    if (filter) filtered.again();
  };

  return (
    <div class="stack">
      <UploadPanel uploads={uploads} limit={limit} />
      <FileFilter files={files.answer ?? []} />
      {error !== undefined && <Problem error={error} again={again} />}
      {!answer && waiting && <Waiting />}
      {answer?.length === 0 && !filter && (
        <Empty title={say("none")}>
          <p>{say("noneAbout")}</p>
        </Empty>
      )}
      {answer && (answer.length > 0 || filter) && (
        <section class="panel stack tight">
          <div class="row spread">
            <span class="soft">
              {say("total", { count: shown.length, size: bytes(shown.reduce((sum, file) => sum + file.size, 0)) })}
            </span>
            {marked.length > 0 && (
              <button type="button" class="button danger small" onClick={() => setDeleting(marked)}>
                {say("remove", { count: marked.length })}
              </button>
            )}
          </div>
          {shown.length === 0 ? (
            <p class="soft">{say("nothing")}</p>
          ) : (
            <FileTable
              assistant={assistant}
              files={shown}
              chosen={chosen}
              onChoose={setChosen}
              onChange={setChanging}
              onDelete={(file) => setDeleting([file])}
            />
          )}
        </section>
      )}
      <details>
        <summary class="soft small">{say("code")}</summary>
        <Code text={uploadCode(location.origin, assistant)} />
      </details>
      {deleting && (
        <DeleteFiles
          assistant={assistant}
          files={deleting}
          onClose={() => setDeleting(undefined)}
          onDone={(gone) => {
            setChosen(new Set([...chosen].filter((id) => !gone.includes(id))));
            refresh();
          }}
        />
      )}
      {changing && (
        <FileMetadata assistant={assistant} file={changing} onClose={() => setChanging(undefined)} onDone={refresh} />
      )}
    </div>
  );
}
