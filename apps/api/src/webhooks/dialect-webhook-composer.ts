import { Inject, Injectable } from '@nestjs/common';
import { ApiSettings } from '@polyreel/config';
import type {
  NothingToTell,
  TaskStore,
  WebhookComposer,
  WebhookDelivery,
  WebhookMessage,
} from '@polyreel/core';
import type { Dialect } from '../http/dialect.js';
import { ResultDelivery } from '../tasks/result-delivery.js';
import { TaskViews } from '../tasks/task-view.js';
import { TASK_STORE } from '../tasks/tokens.js';
import { DIALECTS } from './tokens.js';

/** Has the dialect of a task word the message about its end, with links signed for this try. */
@Injectable()
export class DialectWebhookComposer implements WebhookComposer {
  constructor(
    @Inject(TASK_STORE) private readonly store: Pick<TaskStore, 'find'>,
    @Inject(TaskViews) private readonly views: Pick<TaskViews, 'of'>,
    @Inject(ResultDelivery) private readonly results: Pick<ResultDelivery, 'of'>,
    @Inject(ApiSettings) private readonly settings: Pick<ApiSettings, 'webhook'>,
    @Inject(DIALECTS) private readonly dialects: readonly Dialect[],
  ) {}

  async compose(delivery: WebhookDelivery): Promise<WebhookMessage | NothingToTell> {
    const task = await this.store.find(delivery.taskId);
    if (!task) return { reason: 'The task was deleted.' };
    // A failed task may have been queued again; its new end will be told by a message of its own.
    if (task.state !== delivery.event) return { reason: 'The task has been queued again since.' };
    const webhooks = this.dialects.find(({ name }) => name === task.dialect)?.webhooks;
    if (!webhooks) return { reason: `The dialect ${task.dialect} knows no webhooks.` };
    const [view, delivered] = await Promise.all([
      this.views.of(task),
      webhooks.wishes ? this.results.of(task, webhooks.wishes(task)) : {},
    ]);
    const message = webhooks.render(view, {
      deliveryId: delivery.id,
      url: delivery.url,
      endedAt: delivery.createdAt,
      now: new Date(),
      delivered,
      secrets: this.settings.webhook?.secrets ?? [],
    });
    return 'reason' in message ? message : { ...message, schedule: webhooks.schedule };
  }
}
