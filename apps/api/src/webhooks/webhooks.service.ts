import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleInit,
} from '@nestjs/common';
import { ApiSettings, SettingsError } from '@polyreel/config';
import {
  WebhookSender,
  type MediaIntake,
  type WakeUp,
  type WebhookOutbox,
  type WebhookReport,
  type WebhookSenderOptions,
  type WebhookTransport,
} from '@polyreel/core';
import { Counter } from 'prom-client';
import { MEDIA_INTAKE, WEBHOOK_OUTBOX, WEBHOOK_TRANSPORT, WEBHOOK_WAKE_UP } from '../tasks/tokens.js';
import { DialectWebhookComposer } from './dialect-webhook-composer.js';

const options: WebhookSenderOptions = {
  intervalMilliseconds: 1_000,
  concurrency: 64,
  perReceiver: 8,
  // Enough for the largest message on the slowest line the transport accepts.
  trySeconds: 50,
  leaseSeconds: 60,
  // Less than the launcher and Kubernetes leave a process that shall end.
  graceSeconds: 3,
};

/** Delivers webhooks as long as the API process lives; any number of processes share the work. */
@Injectable()
export class WebhooksService implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(WebhooksService.name);
  private readonly tries = new Counter({
    name: 'polyreel_webhook_tries_total',
    help: 'Tries to deliver webhooks, by what became of them',
    labelNames: ['outcome'],
  });
  private readonly stop = new AbortController();
  private readonly sender: WebhookSender;
  private running: Promise<void> = Promise.resolve();
  private lastError: string | undefined;

  constructor(
    @Inject(WEBHOOK_OUTBOX) outbox: WebhookOutbox,
    @Inject(WEBHOOK_TRANSPORT) transport: WebhookTransport,
    @Inject(WEBHOOK_WAKE_UP) wakeUp: WakeUp,
    @Inject(DialectWebhookComposer) composer: DialectWebhookComposer,
    @Inject(MEDIA_INTAKE) private readonly intake: MediaIntake,
    @Inject(ApiSettings) private readonly settings: ApiSettings,
  ) {
    this.sender = new WebhookSender({ outbox, composer, transport, wakeUp }, options, (report) =>
      this.log(report),
    );
  }

  /** A receiver that every request would be refused for is told at the start instead. */
  onModuleInit(): void {
    const { webhook } = this.settings;
    if (!webhook) return;
    try {
      this.intake.checkUrl(webhook.url);
    } catch {
      const allowed = 'a public http(s) URL without user name, or one whose host stands in FETCH_ALLOW_HOSTS';
      throw new SettingsError([{ name: 'WEBHOOK_URL', value: new URL(webhook.url).host, allowed }]);
    }
  }

  onApplicationBootstrap(): void {
    this.running = this.sender.run(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  /** Receivers are named by host only: the rest of a URL may be a secret. */
  private log(report: WebhookReport): void {
    if (report instanceof Error) {
      // While the database is away the same error comes every second.
      if (report.message !== this.lastError) this.logger.warn({ err: report }, `Webhooks: ${report.message}`);
      this.lastError = report.message;
      return;
    }
    this.lastError = undefined;
    const { delivery, outcome } = report;
    const { id, taskId, receiver, tries } = delivery;
    const about = { deliveryId: id, taskId, receiver, tries };
    const givenUp = outcome.type === 'failed' && outcome.failure.retryAfterSeconds === undefined;
    this.tries.inc({ outcome: givenUp ? 'abandoned' : outcome.type });
    if (outcome.type === 'delivered') this.logger.debug(about, `Told ${receiver}`);
    else if (outcome.type === 'postponed')
      this.logger.warn({ ...about, err: outcome.error }, `A webhook for ${receiver} has to wait`);
    else if (givenUp) this.logger.warn(about, `Gave up telling ${receiver}: ${outcome.failure.reason}`);
    else this.logger.log(about, `Will tell ${receiver} again: ${outcome.failure.reason}`);
  }
}
