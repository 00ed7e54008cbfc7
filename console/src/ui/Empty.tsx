import type { ComponentChildren } from "preact";

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty panel">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
