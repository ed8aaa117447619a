import { TaskError } from '../model/task-error.js';
import type { WakeUp } from '../ports/leader-lock.js';
import type { WebhookComposer } from '../ports/webhook-composer.js';
import type { WebhookDelivery, WebhookOutbox } from '../ports/webhook-outbox.js';
import type { WebhookTransport } from '../ports/webhook-transport.js';
import { SenderStoppedError, tryWebhook, type WebhookOutcome } from './webhook-try.js';

export interface WebhookSenderPorts {
  readonly outbox: WebhookOutbox;
  readonly composer: WebhookComposer;
  readonly transport: WebhookTransport;
  readonly wakeUp: WakeUp;
}

export interface WebhookSenderOptions {
  /** Longest time between two looks for due deliveries. */
  readonly intervalMilliseconds: number;
  /** Deliveries under way at the same time, at most. */
  readonly concurrency: number;
  /** Of these, to one receiver. */
  readonly perReceiver: number;
  /** Longest duration of a try, in seconds; must be shorter than the lease. */
  readonly trySeconds: number;
  readonly leaseSeconds: number;
  /** Seconds for tries under way when the sender is stopped. */
  readonly graceSeconds: number;
}

/** What became of a try, for logs and metrics; or why the outbox could not be asked. */
export type WebhookReport = { readonly delivery: WebhookDelivery; readonly outcome: WebhookOutcome } | Error;

/**
 * Delivers what is due in the outbox. Any number of senders may share one outbox: each delivery is leased to one of
 * them, and what a dead one held becomes due again.
 */
export class WebhookSender {
  private readonly underWay = new Map<string, { receiver: string; abort: AbortController }>();
  private readonly running = new Set<Promise<void>>();
  private pause = new AbortController();
  /** The last look found as many as there was room for, so there may be more. */
  private full = false;

  constructor(
    private readonly ports: WebhookSenderPorts,
    private readonly options: WebhookSenderOptions,
    private readonly report: (report: WebhookReport) => void,
    private readonly chance: () => number = Math.random,
  ) {}

  /** Delivers until `signal` fires; resolves when the tries under way have ended or were given back. */
  async run(signal: AbortSignal): Promise<void> {
    const endPause = () => this.pause.abort();
    signal.addEventListener('abort', endPause, { once: true });
    while (!signal.aborted) {
      // Made before the look, so that a place that becomes free during it is not missed.
      this.pause = new AbortController();
      const begun = await this.beginDue().catch((error: unknown) => {
        this.report(asError(error));
        return 0;
      });
      if (begun === 0 && !signal.aborted)
        await this.ports.wakeUp.wait(this.options.intervalMilliseconds, this.pause.signal);
    }
    signal.removeEventListener('abort', endPause);
    await this.drain();
  }

  /** Takes as many due deliveries as there is room for; returns how many. */
  private async beginDue(): Promise<number> {
    const { concurrency, perReceiver, leaseSeconds } = this.options;
    const limit = concurrency - this.underWay.size;
    if (limit <= 0) return 0;
    const underWay = this.byReceiver();
    const due = await this.ports.outbox.claimDue({ limit, perReceiver, underWay, leaseSeconds });
    this.full = due.length >= limit;
    for (const delivery of due) this.begin(delivery);
    return due.length;
  }

  private begin(delivery: WebhookDelivery): void {
    const abort = new AbortController();
    // Numbered by try: after a lost lease the same delivery may be under way twice.
    const key = `${delivery.id} ${delivery.tries}`;
    this.underWay.set(key, { receiver: delivery.receiver, abort });
    const work = this.deliver(delivery, abort).finally(() => {
      const heldBack = this.full || this.byReceiver().get(delivery.receiver)! >= this.options.perReceiver;
      this.underWay.delete(key);
      this.running.delete(work);
      if (heldBack) this.pause.abort();
    });
    this.running.add(work);
  }

  private byReceiver(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { receiver } of this.underWay.values()) counts.set(receiver, (counts.get(receiver) ?? 0) + 1);
    return counts;
  }

  /** Never rejects: what could not be written down is due again after the lease. */
  private async deliver(delivery: WebhookDelivery, abort: AbortController): Promise<void> {
    const { trySeconds } = this.options;
    const timer = setTimeout(
      () =>
        abort.abort(new TaskError('INPUT_UNREACHABLE', `The try took longer than ${trySeconds} seconds.`)),
      trySeconds * 1000,
    );
    const outcome = await tryWebhook(this.ports, delivery, this.chance(), abort.signal);
    clearTimeout(timer);
    try {
      await this.write(delivery, outcome);
      this.report({ delivery, outcome });
    } catch (error) {
      this.report(asError(error));
    }
  }

  private write(delivery: WebhookDelivery, outcome: WebhookOutcome): Promise<void> {
    const { outbox } = this.ports;
    switch (outcome.type) {
      case 'delivered':
        return outbox.succeeded(delivery, outcome.status);
      case 'failed':
        return outbox.failed(delivery, outcome.failure);
      case 'postponed':
        return outbox.release(delivery, outcome.seconds);
    }
  }

  private async drain(): Promise<void> {
    const timer = setTimeout(() => {
      for (const { abort } of this.underWay.values()) abort.abort(new SenderStoppedError());
    }, this.options.graceSeconds * 1000);
    await Promise.all(this.running);
    clearTimeout(timer);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
