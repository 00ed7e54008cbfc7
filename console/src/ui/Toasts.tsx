import { words } from "../state/language";
import { dismiss, toasts } from "../state/toasts";

const say = words({ dismiss: { en: "Dismiss", ko: "닫기" } });

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast ${toast.tone}`}>
          <span class="data">{toast.text}</span>
          <button
            type="button"
            class="button quiet small"
            aria-label={say("dismiss")}
            onClick={() => dismiss(toast.id)}
          >
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
