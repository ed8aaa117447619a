import type { NothingToTell, Task, WebhookMessage, WebhookSchedule } from '@polyreel/core';
import type { DeliveredResult, DeliveryWishes } from '../tasks/result-delivery.js';
import type { TaskView } from '../tasks/task-view.js';

/** One try to tell a receiver about the end of a task. */
export interface WebhookOccasion {
  /** The same in every try. */
  readonly deliveryId: string;
  readonly url: string;
  readonly endedAt: Date;
  /** The moment of this try. */
  readonly now: Date;
  /** What the dialect's wishes brought. */
  readonly delivered: DeliveredResult;
  /** Keys to sign with, `whsec_...`. Empty: this server has none. */
  readonly secrets: readonly string[];
}

/** How a dialect tells the end of a task. */
export interface DialectWebhooks {
  readonly schedule: WebhookSchedule;
  /** How the result goes into the message beside its link. Absent: not at all. */
  readonly wishes?: (task: Task) => DeliveryWishes;
  /** The message in the dialect's own words; pure. `view.task` has ended. */
  render(view: TaskView, occasion: WebhookOccasion): Omit<WebhookMessage, 'schedule'> | NothingToTell;
}
