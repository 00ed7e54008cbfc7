import { words } from "../state/language";

const say = words({ waiting: { en: "Loading", ko: "불러오는 중" } });

export function Waiting() {
  return (
    <p class="soft" role="status">
      <span class="spinner" aria-hidden="true" /> {say("waiting")}…
    </p>
  );
}
