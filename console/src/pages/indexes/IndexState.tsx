import type { Index } from "../../api/indexes";
import { words } from "../../state/language";

const say = words({
  Ready: { en: "ready", ko: "준비됨" },
  Initializing: { en: "being made", ko: "만드는 중" },
  InitializationFailed: { en: "could not be made", ko: "만들지 못함" },
});

const TONES = { Ready: "good", Initializing: "warn", InitializationFailed: "bad" } as const;

export function IndexState({ index }: { index: Index }) {
  const { state } = index.status;
  const known = state in TONES ? (state as keyof typeof TONES) : undefined;
  return <span class={`badge ${known ? TONES[known] : ""}`}>{known ? say(known) : state}</span>;
}
