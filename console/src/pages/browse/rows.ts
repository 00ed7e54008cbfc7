/** The rows of a long list: ids come page by page as far as somebody looked, contents only for what is in sight. */

import type { Metadata, StoredRecord } from "../../api/records";

/** A record without its vector: a list of a hundred thousand holds no numbers. */
export interface Row {
  readonly id: string;
  readonly metadata: Metadata;
}

export interface Page {
  readonly ids: readonly string[];
  /** Where the page brings the records as well. */
  readonly records?: readonly StoredRecord[];
  readonly next?: string | undefined;
}

export interface Source {
  page(token: string | undefined, signal: AbortSignal): Promise<Page>;
  records(ids: readonly string[], signal: AbortSignal): Promise<readonly StoredRecord[]>;
  /** Records in one request, so that no answer is so large that reading it is felt. */
  readonly batch: number;
}

interface Fetching {
  readonly controller: AbortController;
  readonly ids: ReadonlySet<string>;
}

const AHEAD = 100;
const PAUSE = 40;
const KEPT = 4000;
const ADDRESS = 16_000;

export class RecordRows {
  ids: string[] = [];
  /** Every id is there. */
  done = false;
  listing = false;
  error: unknown;

  private readonly known = new Map<string, Row | null>();
  private readonly stopping = new AbortController();
  private fetching: Fetching[] = [];
  private token: string | undefined;
  private first = 0;
  private last = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly source: Source,
    private readonly changed: () => void,
  ) {}

  /** Lists the first ids, whether or not rows are in sight yet. */
  begin(): void {
    void this.list();
  }

  /** These rows are in sight. */
  want(first: number, last: number): void {
    this.first = first;
    this.last = last;
    void this.list();
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.fetchInSight();
    }, PAUSE);
  }

  /** undefined: on its way. null: it was deleted after its id was listed. */
  at(place: number): Row | null | undefined {
    const id = this.ids[place];
    return id === undefined ? undefined : this.known.get(id);
  }

  put(record: StoredRecord): void {
    this.known.set(record.id, rowOf(record));
    this.changed();
  }

  remove(gone: ReadonlySet<string>): void {
    this.ids = this.ids.filter((id) => !gone.has(id));
    for (const id of gone) this.known.delete(id);
    this.want(this.first, this.last);
    this.changed();
  }

  again(): void {
    this.error = undefined;
    this.want(this.first, this.last);
    this.changed();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.stopping.abort();
    for (const { controller } of this.fetching) controller.abort();
  }

  private async list(): Promise<void> {
    if (this.listing) return;
    this.listing = true;
    try {
      while (!this.done && this.error === undefined && this.ids.length <= this.last + AHEAD) {
        const page = await this.source.page(this.token, this.stopping.signal);
        for (const id of page.ids) this.ids.push(id);
        for (const record of page.records ?? []) this.known.set(record.id, rowOf(record));
        this.token = page.next;
        this.done = page.next === undefined;
        this.fetchInSight();
        this.changed();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.listing = false;
    }
  }

  private fetchInSight(): void {
    const wanted = this.ids.slice(this.first, this.last + 1);
    const inSight = new Set(wanted);
    this.fetching = this.fetching.filter(({ controller, ids }) => {
      if ([...ids].some((id) => inSight.has(id))) return true;
      controller.abort();
      return false;
    });
    const coming = new Set(this.fetching.flatMap(({ ids }) => [...ids]));
    const missing = wanted.filter((id) => !this.known.has(id) && !coming.has(id));
    for (const batch of batches(missing, this.source.batch, ADDRESS)) void this.fetch(batch);
  }

  private async fetch(ids: readonly string[]): Promise<void> {
    if (this.error !== undefined || this.stopping.signal.aborted) return;
    const controller = new AbortController();
    const mine: Fetching = { controller, ids: new Set(ids) };
    this.fetching.push(mine);
    try {
      const records = await this.source.records(ids, controller.signal);
      for (const id of ids) this.known.set(id, null);
      for (const record of records) this.known.set(record.id, rowOf(record));
      this.prune();
      this.changed();
    } catch (error) {
      this.fail(error);
    } finally {
      this.fetching = this.fetching.filter((one) => one !== mine);
    }
  }

  private fail(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError") return;
    this.error = error;
    this.changed();
  }

  /** What was asked for longest ago makes room. */
  private prune(): void {
    for (const id of this.known.keys()) {
      if (this.known.size <= KEPT) return;
      this.known.delete(id);
    }
  }
}

const rowOf = ({ id, metadata }: StoredRecord): Row => ({ id, metadata: metadata ?? {} });

/** Ids in groups of at most `most`, none of which makes an address longer than `length`, unless one id alone does. */
export function batches(ids: readonly string[], most: number, length: number): string[][] {
  const found: string[][] = [];
  let left = 0;
  for (const id of ids) {
    const size = encodeURIComponent(id).length + 5;
    const group = found.at(-1);
    if (!group || group.length >= most || size > left) {
      found.push([id]);
      left = length - size;
    } else {
      group.push(id);
      left -= size;
    }
  }
  return found;
}
