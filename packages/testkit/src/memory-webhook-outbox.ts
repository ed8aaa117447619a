import {
  uuidV7,
  type DueQuery,
  type TerminalState,
  type WebhookDelivery,
  type WebhookFailure,
  type WebhookOutbox,
} from '@polyreel/core';

/** What an outbox knows about a delivery. */
export interface WebhookRow {
  readonly state: 'pending' | 'delivered' | 'abandoned';
  readonly tries: number;
  /** Of the last answer. Absent: none came. */
  readonly lastStatus?: number;
  /** Why the last try failed. Absent: none did, or the delivery arrived. */
  readonly lastError?: string;
}

type Row = { -readonly [Key in keyof WebhookRow]: WebhookRow[Key] } & Omit<WebhookDelivery, 'tries'> & {
    nextTryAt: number;
  };

/** Deliveries as long as the process lives. */
export class MemoryWebhookOutbox implements WebhookOutbox {
  readonly #rows = new Map<string, Row>();

  /** @param now the outbox's clock; give a ManualClock's to reach later tries at will */
  constructor(private readonly now: () => Date = () => new Date()) {}

  /** What a task store does when a task with a webhook ends. Returns the id of the delivery. */
  add(url: string, event: TerminalState = 'succeeded', taskId: string = uuidV7()): string {
    const id = uuidV7();
    const createdAt = this.now();
    const receiver = url.split('/')[2] ?? '';
    const nextTryAt = createdAt.getTime();
    this.#rows.set(id, {
      id,
      taskId,
      url,
      receiver,
      event,
      state: 'pending',
      tries: 0,
      createdAt,
      nextTryAt,
    });
    return id;
  }

  row(id: string): WebhookRow {
    const { state, tries, lastStatus, lastError } = this.#rows.get(id)!;
    return { state, tries, ...(lastStatus && { lastStatus }), ...(lastError && { lastError }) };
  }

  async claimDue(query: DueQuery): Promise<readonly WebhookDelivery[]> {
    const now = this.now().getTime();
    const places = new Map(query.underWay);
    return [...this.#rows.values()]
      .filter((row) => row.state === 'pending' && row.nextTryAt <= now)
      .sort((a, b) => a.nextTryAt - b.nextTryAt)
      .map((row) => {
        const place = (places.get(row.receiver) ?? 0) + 1;
        places.set(row.receiver, place);
        return { row, place };
      })
      .filter(({ place }) => place <= query.perReceiver)
      .sort((a, b) => a.place - b.place)
      .slice(0, query.limit)
      .map(({ row }) => {
        row.tries += 1;
        row.nextTryAt = now + query.leaseSeconds * 1000;
        const { id, taskId, url, receiver, event, tries, createdAt } = row;
        return { id, taskId, url, receiver, event, tries, createdAt };
      });
  }

  async succeeded(delivery: WebhookDelivery, status: number): Promise<void> {
    const row = this.#rows.get(delivery.id);
    if (row?.state === 'pending')
      Object.assign(row, { state: 'delivered', lastStatus: status, lastError: undefined });
  }

  async failed(delivery: WebhookDelivery, failure: WebhookFailure): Promise<void> {
    const row = this.#held(delivery);
    if (!row) return;
    const { reason, status, retryAfterSeconds } = failure;
    Object.assign(row, { lastStatus: status, lastError: reason });
    if (retryAfterSeconds === undefined) row.state = 'abandoned';
    else row.nextTryAt = this.now().getTime() + retryAfterSeconds * 1000;
  }

  async release(delivery: WebhookDelivery, seconds: number): Promise<void> {
    const row = this.#held(delivery);
    if (!row) return;
    row.tries -= 1;
    row.nextTryAt = this.now().getTime() + seconds * 1000;
  }

  #held(delivery: WebhookDelivery): Row | undefined {
    const row = this.#rows.get(delivery.id);
    return row?.state === 'pending' && row.tries === delivery.tries ? row : undefined;
  }
}
