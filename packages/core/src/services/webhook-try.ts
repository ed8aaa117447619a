import { TaskError } from '../model/task-error.js';
import { secondsToNextTry, type WebhookSchedule } from '../model/webhook-schedule.js';
import type { NothingToTell, WebhookComposer, WebhookMessage } from '../ports/webhook-composer.js';
import type { WebhookDelivery, WebhookFailure } from '../ports/webhook-outbox.js';
import type { WebhookAnswer, WebhookTransport } from '../ports/webhook-transport.js';
import { orAborted } from './or-aborted.js';

/** Seconds until a message that could not even be composed is taken up again. */
const COMPOSE_AGAIN_SECONDS = 30;

/** A message nobody could compose for so long is given up, in seconds from the end of its task. */
const COMPOSE_FOR_SECONDS = 24 * 3600;

/** The status by which a receiver says that it never wants to hear this again. */
const GONE = 410;

/** The process ends; the try is no fault of the receiver. */
export class SenderStoppedError extends Error {
  constructor() {
    super('The sender was stopped.');
    this.name = 'SenderStoppedError';
  }
}

export type WebhookOutcome =
  | { readonly type: 'delivered'; readonly status: number }
  | { readonly type: 'failed'; readonly failure: WebhookFailure }
  /** The receiver was not asked, or not to the end; the try does not count. */
  | { readonly type: 'postponed'; readonly seconds: number; readonly error: unknown };

/**
 * One try, from composing to the answer. Never rejects.
 * @param chance 0 to 1, for the jitter of the next try
 */
export async function tryWebhook(
  ports: { readonly composer: WebhookComposer; readonly transport: WebhookTransport },
  delivery: WebhookDelivery,
  chance: number,
  signal: AbortSignal,
): Promise<WebhookOutcome> {
  let message: WebhookMessage | NothingToTell;
  try {
    message = await orAborted(ports.composer.compose(delivery), signal);
  } catch (error) {
    return notComposed(delivery, error);
  }
  if (!('schedule' in message)) return { type: 'failed', failure: { reason: message.reason } };
  const { headers, body, schedule } = message;
  try {
    const answer = await ports.transport.post(delivery.url, headers, body, signal);
    return judge(answer, schedule, delivery.tries, chance);
  } catch (error) {
    if (error instanceof SenderStoppedError) return { type: 'postponed', seconds: 0, error };
    const known = error instanceof TaskError;
    const reason = known ? error.message : 'The message could not be sent.';
    const hopeless = known && error.code === 'INVALID_INPUT';
    const again = hopeless ? undefined : secondsToNextTry(schedule, delivery.tries, undefined, chance);
    return failed({ reason }, again);
  }
}

function judge(
  { status, retryAfterSeconds }: WebhookAnswer,
  schedule: WebhookSchedule,
  tries: number,
  chance: number,
): WebhookOutcome {
  if (status >= 200 && status <= 299) return { type: 'delivered', status };
  if (status === GONE)
    return failed({ status, reason: 'The receiver wants no more messages (410).' }, undefined);
  const redirects = status >= 300 && status <= 399;
  const reason = redirects
    ? `The receiver redirects (${status}), which is not followed.`
    : `The receiver answered ${status}.`;
  return failed({ status, reason }, secondsToNextTry(schedule, tries, retryAfterSeconds, chance));
}

function failed(
  failure: Pick<WebhookFailure, 'reason' | 'status'>,
  again: number | undefined,
): WebhookOutcome {
  return {
    type: 'failed',
    failure: { ...failure, ...(again !== undefined && { retryAfterSeconds: again }) },
  };
}

/** Our own storage is away: the receiver's tries are not used up, but neither is this tried for ever. */
function notComposed(delivery: WebhookDelivery, error: unknown): WebhookOutcome {
  if (error instanceof SenderStoppedError) return { type: 'postponed', seconds: 0, error };
  const ageSeconds = (Date.now() - delivery.createdAt.getTime()) / 1000;
  if (ageSeconds > COMPOSE_FOR_SECONDS)
    return failed({ reason: 'The message could not be made.' }, undefined);
  return { type: 'postponed', seconds: COMPOSE_AGAIN_SECONDS, error };
}
