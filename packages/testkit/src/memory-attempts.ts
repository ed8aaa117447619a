import type { Asset, BeatAnswer, Settlement, Task, TaskProgress } from '@polyreel/core';
import type { MemoryTaskJournal } from './memory-task-journal.js';
import { later, moveRow, taskOfRow, type MemoryTaskRow } from './memory-task-row.js';

/** Attempts at tasks: every write but the claim is fenced by the number of the attempt. */
export class MemoryAttempts {
  constructor(
    private readonly rows: ReadonlyMap<string, MemoryTaskRow>,
    private readonly journal: MemoryTaskJournal,
    private readonly now: () => Date,
  ) {}

  claim(taskId: string, attempt: number, leaseSeconds: number): Task | undefined {
    const row = this.rows.get(taskId);
    const now = this.now();
    if (row?.state !== 'queued' || row.attempt + 1 !== attempt) return undefined;
    if (row.deadline && row.deadline <= now) return undefined;
    moveRow(row, 'running', now);
    row.attempt = attempt;
    row.stage = 'fetching';
    row.step = row.steps = row.chunk = row.chunks = 0;
    row.notBefore = undefined;
    row.startedAt ??= now;
    row.leaseUntil = later(now, leaseSeconds);
    this.journal.record(row, 'claimed');
    return taskOfRow(row);
  }

  beat(taskId: string, attempt: number, progress: TaskProgress, leaseSeconds: number): BeatAnswer {
    const row = this.#held(taskId, attempt);
    if (!row) return 'lost';
    const { stage, step, steps, chunk, chunks } = progress;
    Object.assign(row, { stage, step, steps, chunk, chunks });
    row.expectedEndAt = later(this.now(), progress.remainingSeconds);
    row.progress = Math.max(row.progress, Math.min(progress.progress || 0, 0.999));
    row.message = progress.message || row.message;
    row.leaseUntil = later(this.now(), leaseSeconds);
    return row.cancelRequestedAt ? 'cancel' : 'go';
  }

  recordInput(taskId: string, attempt: number, asset: Asset): boolean {
    const row = this.#held(taskId, attempt);
    if (!row) return false;
    const index = row.assets.findIndex(({ role }) => role === asset.role);
    if (index < 0) row.assets.push({ ...asset });
    else row.assets[index] = { ...row.assets[index], ...asset };
    return true;
  }

  settle(taskId: string, attempt: number, settlement: Settlement): boolean {
    const row = this.#held(taskId, attempt);
    if (!row) return false;
    if (settlement.state === 'succeeded') {
      row.progress = 1;
      row.message = settlement.message;
      row.work = settlement.work;
      row.assets.push(...structuredClone(settlement.outputs));
      this.journal.end(row, 'succeeded');
    } else if (row.cancelRequestedAt || settlement.state === 'cancelled') this.journal.end(row, 'cancelled');
    else if (settlement.state === 'failed') this.journal.end(row, 'failed', settlement.code, settlement.text);
    else this.journal.requeue(row, settlement.delaySeconds, settlement.message);
    return true;
  }

  /** The row while the attempt still holds it. */
  #held(taskId: string, attempt: number): MemoryTaskRow | undefined {
    const row = this.rows.get(taskId);
    return row?.state === 'running' && row.attempt === attempt ? row : undefined;
  }
}
