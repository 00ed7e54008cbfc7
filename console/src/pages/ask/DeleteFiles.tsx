import { deleteFile, type StoredFile } from "../../api/assistants";
import { ApiError, send } from "../../api/client";
import { bytes, words } from "../../state/language";
import { toast } from "../../state/toasts";
import { Confirm } from "../../ui/Confirm";

const say = words({
  title: { en: { one: "Delete {count} file", other: "Delete {count} files" }, ko: "파일 {count}개 삭제" },
  about: {
    en: {
      one: "What was read from it goes from answers at once, and its bytes from the disk. This cannot be undone.",
      other: "What was read from them goes from answers at once, and their bytes from the disk. This cannot be undone.",
    },
    ko: "파일에서 읽은 내용은 바로 답변에서 빠지고 원본도 디스크에서 지워집니다. 되돌릴 수 없습니다.",
  },
  more: { en: "and {count} more", ko: "외 {count}개" },
  total: { en: "{size} in all", ko: "모두 {size}" },
  action: { en: "Delete", ko: "삭제" },
  done: {
    en: { one: "{count} file was deleted.", other: "{count} files were deleted." },
    ko: "파일 {count}개를 삭제했습니다.",
  },
});

const SHOWN = 8;

interface Props {
  readonly assistant: string;
  readonly files: readonly StoredFile[];
  readonly onClose: () => void;
  /** The ids of those that are gone, also when one of the others could not be deleted. */
  readonly onDone: (gone: readonly string[]) => void;
}

export function DeleteFiles({ assistant, files, onClose, onDone }: Props) {
  const remove = async () => {
    const gone: string[] = [];
    try {
      for (const file of files) {
        await send(deleteFile(assistant, file.id)).catch((error: unknown) => {
          if (!(error instanceof ApiError && error.status === 404)) throw error; // somebody else was faster
        });
        gone.push(file.id);
      }
      toast(say("done", { count: gone.length }));
    } finally {
      onDone(gone);
    }
  };
  return (
    <Confirm title={say("title", { count: files.length })} action={say("action")} onClose={onClose} onConfirm={remove}>
      <ul class="preview">
        {files.slice(0, SHOWN).map((file) => (
          <li key={file.id}>
            <span class="data">{file.name}</span> <span class="soft small">{bytes(file.size)}</span>
          </li>
        ))}
        {files.length > SHOWN && <li class="soft">{say("more", { count: files.length - SHOWN })}</li>}
      </ul>
      {files.length > 1 && (
        <p class="soft small">{say("total", { size: bytes(files.reduce((sum, file) => sum + file.size, 0)) })}</p>
      )}
      <p>{say("about", { count: files.length })}</p>
    </Confirm>
  );
}
