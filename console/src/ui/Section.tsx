import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Props {
  readonly title: string;
  readonly actions?: ComponentChildren;
  /** A sentence under the title. */
  readonly about?: ComponentChildren;
  readonly anchor?: string;
  readonly children: ComponentChildren;
}

/** A panel with a heading of its own, which names it for screen readers. */
export function Section({ title, actions, about, anchor, children }: Props) {
  const id = useId();
  return (
    <section class="panel stack" aria-labelledby={id} {...(anchor ? { id: anchor } : {})}>
      <div class="stack tight">
        <div class="row spread">
          <h2 id={id}>{title}</h2>
          {actions && <div class="row">{actions}</div>}
        </div>
        {about && <p class="soft small">{about}</p>}
      </div>
      {children}
    </section>
  );
}
