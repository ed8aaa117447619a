import type { TerminalState } from '../model/task-state.js';

/** A due message about the end of a task, taken by one sender for the time of its lease. */
export interface WebhookDelivery {
  /** The same in every try; receivers know repeats by it. */
  readonly id: string;
  readonly taskId: string;
  readonly url: string;
  /** Host and port of the URL: who shares the sender's patience. */
  readonly receiver: string;
  /** State the task ended in. */
  readonly event: TerminalState;
  /** Number of this try, from 1; failures are written only while it is the newest. */
  readonly tries: number;
  /** When the task ended. */
  readonly createdAt: Date;
}

export interface DueQuery {
  /** Most deliveries taken. */
  readonly limit: number;
  /** Most deliveries to one receiver, those under way included. */
  readonly perReceiver: number;
  /** Deliveries this sender has under way, by receiver. */
  readonly underWay: ReadonlyMap<string, number>;
  /** A delivery nobody reported about for so long is due again. */
  readonly leaseSeconds: number;
}

export interface WebhookFailure {
  /** For people: why the receiver did not get the message. No secrets. */
  readonly reason: string;
  /** Status of the answer. Absent: none came. */
  readonly status?: number;
  /** Seconds until the next try. Absent: this was the last one. */
  readonly retryAfterSeconds?: number;
}

/**
 * Messages about ended tasks that somebody waits for; the task store adds one when such a task ends.
 * Delivery is at least once. Every clock is the outbox's own.
 */
export interface WebhookOutbox {
  /**
   * Takes due deliveries, each for one caller only. Receivers with few deliveries under way come first, then the
   * longest due: whoever answers slowly or never keeps nobody else waiting.
   */
  claimDue(query: DueQuery): Promise<readonly WebhookDelivery[]>;
  /** The receiver has it. Counts whenever it is told, also after the lease. */
  succeeded(delivery: WebhookDelivery, status: number): Promise<void>;
  /** The try failed. Does nothing when a newer try has begun or the delivery has ended. */
  failed(delivery: WebhookDelivery, failure: WebhookFailure): Promise<void>;
  /** The try was not made after all and does not count; due again after `seconds`. */
  release(delivery: WebhookDelivery, seconds: number): Promise<void>;
}
