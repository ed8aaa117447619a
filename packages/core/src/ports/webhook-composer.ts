import type { WebhookSchedule } from '../model/webhook-schedule.js';
import type { WebhookDelivery } from './webhook-outbox.js';
import type { WebhookBody } from './webhook-transport.js';

export interface WebhookMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: WebhookBody;
  readonly schedule: WebhookSchedule;
}

/** There is nothing to tell (any more); says why. */
export interface NothingToTell {
  readonly reason: string;
}

/** Puts deliveries into the words of the dialect their task was created in. Asked anew for every try. */
export interface WebhookComposer {
  /** Rejects when something it needs is away; the delivery is then tried later. */
  compose(delivery: WebhookDelivery): Promise<WebhookMessage | NothingToTell>;
}
