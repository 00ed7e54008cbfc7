import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

interface Props {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly above?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ title, actions, above, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Pinyon`;
  }, [title]);
  return (
    <div class="page stack">
      <header>
        {above}
        <h1 class="data">{title}</h1>
        {actions && <div class="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
