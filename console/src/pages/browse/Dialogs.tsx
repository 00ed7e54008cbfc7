import type { Index } from "../../api/indexes";
import { AddRecord } from "./AddRecord";
import { DeleteRecords } from "./DeleteRecords";
import { ExportDialog } from "./ExportDialog";
import type { View } from "./source";

export type Dialog = "add" | "export" | "deleteChosen" | "deleteMatching";

interface Props {
  readonly dialog: Dialog | undefined;
  readonly index: Index;
  readonly view: View;
  readonly dimension: number;
  readonly total: number | undefined;
  readonly chosen: readonly string[];
  readonly fields: readonly string[];
  readonly onClose: () => void;
  readonly onDeleted: (ids: readonly string[]) => void;
  /** The list is another one now. */
  readonly onFresh: () => void;
}

export function Dialogs({ dialog, index, view, chosen, onClose, onDeleted, onFresh, ...rest }: Props) {
  const { place, filter } = view;
  if (dialog === "add") return <AddRecord index={index} place={place} onClose={onClose} onAdded={onFresh} />;
  if (dialog === "export") return <ExportDialog view={view} chosen={chosen} onClose={onClose} {...rest} />;
  if (dialog === "deleteChosen") {
    return <DeleteRecords place={place} what={{ ids: chosen }} onClose={onClose} onDeleted={() => onDeleted(chosen)} />;
  }
  if (dialog === "deleteMatching" && filter) {
    return <DeleteRecords place={place} what={{ filter }} onClose={onClose} onDeleted={onFresh} />;
  }
  return null;
}
