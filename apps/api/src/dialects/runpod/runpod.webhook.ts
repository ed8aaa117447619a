import type { DialectWebhooks } from '../../http/dialect-webhooks.js';
import { jsonBody } from '../../http/json-body.js';
import { deliveryWishes, presentJob } from './runpod.presenter.js';

/** The whole envelope of the status, with what was asked for, on success and on failure. */
export const runpodWebhooks: DialectWebhooks = {
  // As documented: up to two more tries, ten seconds apart.
  schedule: { delaysSeconds: [10, 10], jitter: 0 },
  wishes: deliveryWishes,
  render(view, { url, delivered }) {
    const job = { ...presentJob(view, delivered), input: view.task.request.input, webhook: url };
    return {
      headers: { 'content-type': 'application/json' },
      body: jsonBody(job, delivered.inline ? [delivered.inline] : []),
    };
  },
};
