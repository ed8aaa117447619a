import { Logger } from '@nestjs/common';
import type { ApiSettings } from '@polyreel/config';
import { TaskError } from '@polyreel/core';
import {
  MemoryMediaIntake,
  MemoryWakeUp,
  MemoryWebhookOutbox,
  MemoryWebhookTransport,
} from '@polyreel/testkit';
import { register } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DialectWebhookComposer } from './dialect-webhook-composer.js';
import { WebhooksService } from './webhooks.service.js';

const composer = {
  compose: async () => ({ headers: {}, body: 'text', schedule: { delaysSeconds: [], jitter: 0 } }),
} as Partial<DialectWebhookComposer> as DialectWebhookComposer;

let outbox: MemoryWebhookOutbox;
let intake: MemoryMediaIntake;

function aService(answer: () => Promise<{ status: number }>, url?: string): WebhooksService {
  const settings = (url ? { webhook: { url, secrets: [] } } : {}) as Partial<ApiSettings> as ApiSettings;
  const transport = new MemoryWebhookTransport(answer);
  return new WebhooksService(outbox, transport, new MemoryWakeUp(), composer, intake, settings);
}

beforeEach(() => {
  Logger.overrideLogger(false);
  register.clear();
  outbox = new MemoryWebhookOutbox();
  intake = new MemoryMediaIntake();
});

describe('the service of webhooks', () => {
  it.each([
    [200, 'delivered', 'delivered'],
    [500, 'abandoned', 'abandoned'],
  ] as const)('delivers from bootstrap to shutdown and counts: %i', async (status, state, outcome) => {
    const asked = Promise.withResolvers<void>();
    const service = aService(async () => {
      asked.resolve();
      return { status };
    });
    const id = outbox.add('https://hooks.example/secret');
    service.onModuleInit();
    service.onApplicationBootstrap();
    await asked.promise;
    await service.beforeApplicationShutdown();
    expect(outbox.row(id).state).toBe(state);
    expect(await register.metrics()).toContain(`polyreel_webhook_tries_total{outcome="${outcome}"} 1`);
  });

  it('refuses to start with a receiver it may not post to, showing its host alone', () => {
    intake.checkUrl = () => {
      throw new TaskError('INPUT_UNREACHABLE', 'The URL leads into a private network.');
    };
    const service = aService(async () => ({ status: 200 }), 'http://10.0.0.1:81/hook?token=hunter2');
    expect(() => service.onModuleInit()).toThrow(/WEBHOOK_URL = "10\.0\.0\.1:81".*FETCH_ALLOW_HOSTS/);
    expect(() => service.onModuleInit()).not.toThrow(/hunter2/);
  });
});
