import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isOpen, NOTHING } from "./answer";
import { changed, load, messagesFor, save, type Turn } from "./conversation";
import { bodyOf, type Settings } from "./settings";
import { answers } from "./stream";

let asked = 0;

/** What was asked and answered in this tab. Answers go on while another view of the assistant is shown. */
export function useConversation(assistant: string) {
  const [turns, setTurns] = useState<readonly Turn[]>(() => load(sessionStorage, assistant));
  const [kept, setKept] = useState(true);
  const running = useRef(new Map<string, AbortController>());

  useLayoutEffect(() => setKept(save(sessionStorage, assistant, turns)), [assistant, turns]);
  useEffect(() => {
    const all = running.current;
    return () => {
      for (const controller of all.values()) controller.abort();
    };
  }, []);

  const run = useCallback(
    async (before: readonly Turn[], turn: Turn, lane: number) => {
      const settings = turn.lanes[lane]?.settings;
      if (!settings) return;
      const place = `${turn.id}/${lane}`;
      const controller = new AbortController();
      running.current.get(place)?.abort();
      running.current.set(place, controller);
      const body = bodyOf(settings, messagesFor(before, turn.question, lane, settings.history));
      for await (const answer of answers(assistant, body, controller.signal)) {
        if (running.current.get(place) !== controller) return;
        setTurns((turns) => changed(turns, turn.id, lane, () => answer));
      }
      running.current.delete(place);
    },
    [assistant],
  );

  const ask = useCallback(
    (question: string, settings: readonly Settings[]) => {
      asked += 1;
      const id = `${Date.now().toString(36)}-${asked}`;
      const turn: Turn = { id, question, lanes: settings.map((settings) => ({ settings, answer: NOTHING })) };
      setTurns((turns) => [...turns, turn]);
      turn.lanes.forEach((_, lane) => {
        run(turns, turn, lane);
      });
      return id;
    },
    [turns, run],
  );

  const retry = useCallback(
    (id: string, lane: number) => {
      const at = turns.findIndex((turn) => turn.id === id);
      const turn = turns[at];
      if (!turn) return;
      setTurns((turns) => changed(turns, id, lane, () => NOTHING));
      run(turns.slice(0, at), turn, lane);
    },
    [turns, run],
  );

  const stop = useCallback((id: string, lane: number) => running.current.get(`${id}/${lane}`)?.abort(), []);
  const stopAll = useCallback(() => {
    for (const controller of running.current.values()) controller.abort();
  }, []);
  const clear = useCallback(() => {
    stopAll();
    running.current.clear();
    setTurns([]);
  }, [stopAll]);

  const busy = turns.some((turn) => turn.lanes.some((lane) => isOpen(lane.answer)));
  return { turns, kept, busy, ask, retry, stop, stopAll, clear };
}

export type Conversation = ReturnType<typeof useConversation>;
