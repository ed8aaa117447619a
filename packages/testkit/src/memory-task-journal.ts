import { taskErrors, type TaskErrorCode, type TerminalState } from '@polyreel/core';
import { later, moveRow, type MemoryTaskRow } from './memory-task-row.js';

/** What happened to tasks, and the moves between states that are written down. */
export class MemoryTaskJournal {
  readonly #history: { readonly taskId: string; readonly type: string }[] = [];
  readonly #webhooks: { readonly taskId: string; readonly url: string; readonly event: string }[] = [];

  constructor(private readonly now: () => Date) {}

  history(taskId: string): readonly string[] {
    return this.#history.filter((event) => event.taskId === taskId).map(({ type }) => type);
  }

  webhooks(taskId: string): readonly { readonly url: string; readonly event: string }[] {
    return this.#webhooks
      .filter((webhook) => webhook.taskId === taskId)
      .map(({ url, event }) => ({ url, event }));
  }

  record(row: MemoryTaskRow, type: string): void {
    this.#history.push({ taskId: row.id, type });
  }

  requeue(row: MemoryTaskRow, delaySeconds: number, message: string): void {
    moveRow(row, 'queued', this.now());
    row.notBefore = later(this.now(), delaySeconds);
    row.message = message;
    this.record(row, 'requeued');
  }

  end(
    row: MemoryTaskRow,
    state: TerminalState,
    code?: TaskErrorCode,
    text: string = code ? taskErrors[code].text : '',
  ): void {
    moveRow(row, state, this.now());
    row.error = code && { code, text };
    if (state === 'cancelled') row.cancelRequestedAt ??= this.now();
    this.record(row, state);
    if (row.webhookUrl) this.#webhooks.push({ taskId: row.id, url: row.webhookUrl, event: state });
  }
}
