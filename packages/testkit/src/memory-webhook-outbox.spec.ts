import { webhookOutboxContract } from './contracts/webhook-outbox-contract.js';
import { ManualClock } from './manual-clock.js';
import { MemoryWebhookOutbox } from './memory-webhook-outbox.js';

webhookOutboxContract(async () => {
  const clock = new ManualClock();
  const outbox = new MemoryWebhookOutbox(clock.now);
  return {
    outbox,
    add: async (url) => outbox.add(url, 'cancelled'),
    row: async (id) => outbox.row(id),
    advance: async (seconds) => clock.advance(seconds),
  };
});
