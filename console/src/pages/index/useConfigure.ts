import { send } from "../../api/client";
import { configureIndex, type Index } from "../../api/indexes";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { type Action, useAction } from "../../ui/useAction";
import { isGone } from "./Gone";

const say = words({ saved: { en: "Saved.", ko: "저장했습니다." } });

export interface FormProps {
  readonly index: Index;
  readonly onChanged: () => void;
}

/** Changes an index. An answer that it is gone is told to the page as well. */
export function useConfigure(
  name: string,
  onChanged: () => void,
): { save: (body: unknown) => Promise<boolean>; action: Action } {
  const action = useAction();
  const save = (body: unknown) =>
    action.run(async () => {
      try {
        await send(configureIndex(name, body));
      } catch (error) {
        if (isGone(error)) onChanged();
        throw error;
      }
      toast(say("saved"));
      onChanged();
    });
  return { save, action };
}
