/** When a message that was not taken is tried again. */
export interface WebhookSchedule {
  /** Seconds between a failed try and the next one, in order; after the last of them there are no more. */
  readonly delaysSeconds: readonly number[];
  /** Share of a delay that is added by chance at most, 0 to 1, so that receivers do not get all repeats at once. */
  readonly jitter: number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** The schedule the Standard Webhooks specification recommends: ten tries within three and a half days. */
export const standardWebhooksSchedule: WebhookSchedule = {
  delaysSeconds: [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
  jitter: 0.1,
};

/** The longest a receiver may put a repeat off by Retry-After, in seconds. */
const LONGEST_WISH = 24 * HOUR;

/**
 * Seconds until the next try. Undefined: that was the last one.
 * @param tries tries made so far, at least 1
 * @param wishedSeconds what the receiver asked for; only ever makes the delay longer
 * @param chance 0 to 1
 */
export function secondsToNextTry(
  { delaysSeconds, jitter }: WebhookSchedule,
  tries: number,
  wishedSeconds: number | undefined,
  chance: number,
): number | undefined {
  const delay = delaysSeconds[tries - 1];
  if (delay === undefined) return undefined;
  return Math.max(delay * (1 + jitter * chance), Math.min(wishedSeconds ?? 0, LONGEST_WISH));
}
