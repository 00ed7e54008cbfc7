import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useReducer, useRef } from "preact/hooks";

interface Props {
  readonly count: number;
  /** Pixels of a row. */
  readonly height: number;
  readonly label: string;
  readonly head?: ComponentChildren;
  readonly children: (row: number) => ComponentChildren;
  /** Rows that came into sight, so that they can be asked for. */
  readonly onRange?: (first: number, last: number) => void;
}

/** A table of any number of rows, of which only those in sight are in the page. */
export function VirtualRows({ count, height, label, head, children, onRange }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((turn: number) => turn + 1, 0);
  const made = useRef<Virtualizer<HTMLDivElement, Element>>(undefined);
  const options = {
    count,
    estimateSize: () => height,
    getScrollElement: () => scroller.current,
    overscan: 12,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(undefined as never),
  };
  made.current ??= new Virtualizer<HTMLDivElement, Element>(options);
  const virtualizer = made.current;
  virtualizer.setOptions(options);

  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());

  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;
  useLayoutEffect(() => {
    if (last >= first) onRange?.(first, last);
  }, [first, last, onRange]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div ref={scroller} class="virtual scroll" role="table" aria-label={label} aria-rowcount={count} tabIndex={0}>
      {head}
      <div role="rowgroup" style={{ height: `${virtualizer.getTotalSize()}px`, position: "relative" }}>
        {items.map((item: VirtualItem) => (
          <div
            key={item.key}
            role="row"
            aria-rowindex={item.index + 1}
            class="virtual-row"
            style={{ height: `${height}px`, transform: `translateY(${item.start}px)` }}
          >
            {children(item.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
