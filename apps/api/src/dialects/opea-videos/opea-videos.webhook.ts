import { isTerminal, standardWebhooksSchedule, type TerminalState } from '@polyreel/core';
import type { DialectWebhooks } from '../../http/dialect-webhooks.js';
import { standardWebhookHeaders } from '../../http/standard-webhooks.js';

/** Names OpenAI's SDKs know; they have none for a cancelled video, which their words call failed. */
const eventNames = {
  succeeded: 'video.completed',
  failed: 'video.failed',
  cancelled: 'video.failed',
} as const satisfies Record<TerminalState, string>;

/** OpenAI's thin events, signed by Standard Webhooks: receivers ask for the video by its id. */
export const opeaVideosWebhooks: DialectWebhooks = {
  schedule: standardWebhooksSchedule,
  render({ task }, { deliveryId, endedAt, now, secrets }) {
    if (!isTerminal(task.state)) return { reason: 'The video has not ended.' };
    if (secrets.length === 0)
      return { reason: 'WEBHOOK_SECRET is no longer set; unsigned events are not sent.' };
    const body = JSON.stringify({
      id: `evt_${deliveryId}`,
      object: 'event',
      created_at: Math.floor(endedAt.getTime() / 1000),
      type: eventNames[task.state],
      data: { id: task.publicId },
    });
    const headers = standardWebhookHeaders(deliveryId, now, body, secrets);
    return { headers: { 'content-type': 'application/json', ...headers }, body };
  },
};
