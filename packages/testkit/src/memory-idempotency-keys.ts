import { IdempotencyKeyReusedError, type IdempotencyRecord } from '@polyreel/core';
import { later } from './memory-task-row.js';

interface KeyRow {
  readonly fingerprint: string;
  readonly taskId: string;
  readonly expiresAt: Date;
}

/** Idempotency keys of all tenants and routes. */
export class MemoryIdempotencyKeys {
  readonly #rows = new Map<string, KeyRow>();

  constructor(private readonly now: () => Date) {}

  write(tenant: string, record: IdempotencyRecord, taskId: string): void {
    const expiresAt = later(this.now(), record.keepSeconds)!;
    this.#rows.set(placeOf(tenant, record), { fingerprint: record.fingerprint, taskId, expiresAt });
  }

  /** @throws IdempotencyKeyReusedError when the key stands for another request */
  find<T>(
    tenant: string,
    record: IdempotencyRecord,
    taskOf: (taskId: string) => T | undefined,
  ): T | undefined {
    const row = this.#rows.get(placeOf(tenant, record));
    const task = row && row.expiresAt > this.now() ? taskOf(row.taskId) : undefined;
    if (task && row?.fingerprint !== record.fingerprint) throw new IdempotencyKeyReusedError(record.key);
    return task;
  }

  forgetExpired(): number {
    const expired = [...this.#rows].filter(([, { expiresAt }]) => expiresAt <= this.now());
    for (const [place] of expired) this.#rows.delete(place);
    return expired.length;
  }
}

function placeOf(tenant: string, { route, key }: IdempotencyRecord): string {
  return JSON.stringify([tenant, route, key]);
}
