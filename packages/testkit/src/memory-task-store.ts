import {
  isTerminal,
  DuplicatePublicIdError,
  outputRoles,
  QueueFullError,
  taskStates,
  type Asset,
  type BeatAnswer,
  type CancelOutcome,
  type Delivery,
  type DeliveryQuery,
  type IdempotencyRecord,
  type PastRun,
  type QueuePlace,
  type ScopeQueue,
  type Settlement,
  type Swept,
  type Task,
  type TaskKind,
  type TaskListQuery,
  type TaskPage,
  type TaskProgress,
  type TaskScope,
  type TaskState,
  type TaskStore,
  type TaskToCreate,
} from '@polyreel/core';
import { MemoryAttempts } from './memory-attempts.js';
import { MemoryIdempotencyKeys } from './memory-idempotency-keys.js';
import { MemoryTaskJournal } from './memory-task-journal.js';
import { pickForDelivery, queuePlace } from './memory-task-line.js';
import { inScope, later, moveRow, newMemoryRow, taskOfRow, type MemoryTaskRow } from './memory-task-row.js';

/** Keeps the whole contract of a task store in memory. What happened to a task can be read back. */
export class MemoryTaskStore implements TaskStore {
  readonly #rows = new Map<string, MemoryTaskRow>();
  readonly #journal: MemoryTaskJournal;
  readonly #keys: MemoryIdempotencyKeys;
  readonly #attempts: MemoryAttempts;

  /** @param now the store's clock; give a ManualClock's to let time pass at will */
  constructor(private readonly now: () => Date = () => new Date()) {
    this.#journal = new MemoryTaskJournal(now);
    this.#keys = new MemoryIdempotencyKeys(now);
    this.#attempts = new MemoryAttempts(this.#rows, this.#journal, now);
  }

  /** Events of a task in the order they happened. */
  history(taskId: string): readonly string[] {
    return this.#journal.history(taskId);
  }

  /** Webhooks owed for a task. */
  webhooks(taskId: string): readonly { readonly url: string; readonly event: string }[] {
    return this.#journal.webhooks(taskId);
  }

  async create(task: TaskToCreate, queueLimit: number, record?: IdempotencyRecord): Promise<Task> {
    const earlier = record && this.#repeated(task.tenant, record);
    if (earlier) return taskOfRow(earlier);
    const own = this.#all().filter(({ tenant }) => tenant === task.tenant);
    if (own.some(({ publicId }) => publicId === task.publicId))
      throw new DuplicatePublicIdError(task.publicId);
    if (own.filter(isUnfinished).length >= queueLimit) throw new QueueFullError(queueLimit);
    const row = newMemoryRow(task, this.now());
    this.#rows.set(row.id, row);
    if (record) this.#keys.write(task.tenant, record, row.id);
    this.#journal.record(row, 'created');
    return taskOfRow(row);
  }

  async findRepeated(tenant: string, record: IdempotencyRecord): Promise<Task | undefined> {
    const row = this.#repeated(tenant, record);
    return row && taskOfRow(row);
  }

  async forgetSecrets(): Promise<number> {
    const now = this.now();
    const past = this.#all().filter((row) => row.sealedSecrets && row.deadline && row.deadline <= now);
    for (const row of past) row.sealedSecrets = undefined;
    return past.length;
  }

  async forgetExpiredKeys(): Promise<number> {
    return this.#keys.forgetExpired();
  }

  async find(taskId: string): Promise<Task | undefined> {
    const row = this.#rows.get(taskId);
    return row && taskOfRow(row);
  }

  async findByPublicId(scope: TaskScope, publicId: string): Promise<Task | undefined> {
    const row = this.#inScope(scope, publicId);
    return row && taskOfRow(row);
  }

  async findByResultPath(scope: TaskScope, paths: readonly string[]): Promise<Task | undefined> {
    const newestFirst = this.#all().sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    const row = newestFirst.find(
      (candidate) =>
        inScope(candidate, scope) && paths.some((path) => candidate.extras.save_result_path === path),
    );
    return row && taskOfRow(row);
  }

  async list(scope: TaskScope, query: TaskListQuery): Promise<TaskPage> {
    const rows = this.#all()
      .filter((row) => inScope(row, scope))
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
    if (query.order === 'newest-first') rows.reverse();
    const cursor = rows.findIndex(({ publicId }) => publicId === query.after);
    if (query.after !== undefined && cursor < 0) return { tasks: [], hasMore: false };
    const rest = rows.slice(cursor + 1).filter(({ state }) => !query.states || query.states.includes(state));
    return { tasks: rest.slice(0, query.limit).map(taskOfRow), hasMore: rest.length > query.limit };
  }

  async countByState<State extends TaskState>(
    scope: TaskScope,
    states?: readonly State[],
    most = Infinity,
  ): Promise<Record<State, number>> {
    const rows = this.#all().filter((row) => inScope(row, scope));
    const count = (state: TaskState) =>
      Math.min(rows.filter((row) => row.state === state).length, isTerminal(state) ? most : Infinity);
    const asked = states ?? taskStates;
    return Object.fromEntries(asked.map((state) => [state, count(state)])) as Record<State, number>;
  }

  async queueOf(scope: TaskScope, limit: number): Promise<ScopeQueue> {
    const counts = await this.countByState(scope, ['queued', 'running']);
    const { tasks } = await this.list(scope, { order: 'oldest-first', limit, states: ['queued'] });
    return { waiting: tasks.map(({ publicId }) => publicId), ...counts };
  }

  async countRetried(scope: TaskScope): Promise<number> {
    return this.#all().filter((row) => inScope(row, scope) && row.attempt > 1).length;
  }

  async queuePlace(taskId: string, routes: DeliveryQuery['routes']): Promise<QueuePlace | undefined> {
    return queuePlace(this.#all(), taskId, routes);
  }

  async countRunning(): Promise<number> {
    return this.#in('running').length;
  }

  async recentRuns(kind: TaskKind, model: string): Promise<readonly PastRun[]> {
    return this.#in('succeeded')
      .filter((row) => row.kind === kind && row.model === model)
      .sort((a, b) => b.finishedAt!.getTime() - a.finishedAt!.getTime())
      .slice(0, 50)
      .map(({ startedAt, finishedAt, work }) => ({
        seconds: (finishedAt!.getTime() - startedAt!.getTime()) / 1000,
        work: { ...work },
      }));
  }

  async requestCancel(scope: TaskScope, publicId: string): Promise<CancelOutcome> {
    const row = this.#inScope(scope, publicId);
    if (!row) return 'unknown';
    if (!isUnfinished(row)) return 'finished';
    if (row.state === 'queued') {
      this.#journal.end(row, 'cancelled');
      return 'cancelled';
    }
    if (!row.cancelRequestedAt) this.#journal.record(row, 'cancel_requested');
    row.cancelRequestedAt ??= this.now();
    return 'requested';
  }

  async cancelQueued(scope: TaskScope): Promise<number> {
    const queued = this.#in('queued').filter((row) => inScope(row, scope));
    for (const row of queued) this.#journal.end(row, 'cancelled');
    return queued.length;
  }

  async deleteEnded(scope: TaskScope, publicId: string): Promise<Task | undefined> {
    const row = this.#inScope(scope, publicId);
    if (!row || isUnfinished(row)) return undefined;
    this.#rows.delete(row.id);
    return taskOfRow(row);
  }

  async deleteEndedBefore(seconds: number, limit: number): Promise<readonly Task[]> {
    const before = this.now().getTime() - seconds * 1000;
    const ended = this.#all()
      .filter((row) => row.finishedAt && row.finishedAt.getTime() < before)
      .sort((a, b) => a.finishedAt!.getTime() - b.finishedAt!.getTime())
      .slice(0, limit);
    for (const { id } of ended) this.#rows.delete(id);
    return ended.map(taskOfRow);
  }

  async changeTimeToLive(scope: TaskScope, publicId: string, seconds: number): Promise<boolean> {
    const row = this.#inScope(scope, publicId);
    if (!row || (row.deadline && row.deadline <= this.now())) return false;
    row.ttlSeconds = seconds;
    row.deadline = later(this.now(), seconds);
    return true;
  }

  async retryFailed(scope: TaskScope, publicId: string): Promise<boolean> {
    const row = this.#inScope(scope, publicId);
    if (row?.state !== 'failed') return false;
    moveRow(row, 'queued', this.now());
    row.error = row.startedAt = row.notBefore = row.cancelRequestedAt = undefined;
    row.progress = row.step = row.steps = row.chunk = row.chunks = 0;
    row.message = '';
    row.maxAttempts = row.attempt + row.attemptsPerRun;
    row.deadline = later(this.now(), row.ttlSeconds);
    row.assets = row.assets.filter(({ role }) => !outputRoles.some((output) => output === role));
    this.#journal.record(row, 'retried');
    return true;
  }

  async pickForDelivery(query: DeliveryQuery): Promise<readonly Delivery[]> {
    return pickForDelivery(this.#all(), query, this.now());
  }

  async claim(taskId: string, attempt: number, leaseSeconds: number): Promise<Task | undefined> {
    return this.#attempts.claim(taskId, attempt, leaseSeconds);
  }

  async beat(
    taskId: string,
    attempt: number,
    progress: TaskProgress,
    leaseSeconds: number,
  ): Promise<BeatAnswer> {
    return this.#attempts.beat(taskId, attempt, progress, leaseSeconds);
  }

  async recordInput(taskId: string, attempt: number, asset: Asset): Promise<boolean> {
    return this.#attempts.recordInput(taskId, attempt, asset);
  }

  async settle(taskId: string, attempt: number, settlement: Settlement): Promise<boolean> {
    return this.#attempts.settle(taskId, attempt, settlement);
  }

  async reclaimLostLeases(): Promise<Swept> {
    const lost = this.#in('running').filter(({ leaseUntil }) => leaseUntil! < this.now());
    for (const row of lost) {
      if (row.cancelRequestedAt) this.#journal.end(row, 'cancelled');
      else if (row.attempt < row.maxAttempts) this.#journal.requeue(row, 0, row.message);
      else this.#journal.end(row, 'failed', 'ENGINE_LOST');
    }
    const ids = (rows: MemoryTaskRow[]) => rows.map(({ id }) => id);
    return { requeued: ids(lost.filter(isUnfinished)), ended: ids(lost.filter((row) => !isUnfinished(row))) };
  }

  async expireOverdue(): Promise<Swept> {
    const now = this.now();
    const overdue = this.#all().filter((row) => isUnfinished(row) && row.deadline && row.deadline <= now);
    for (const row of overdue)
      if (row.cancelRequestedAt) this.#journal.end(row, 'cancelled');
      else this.#journal.end(row, 'failed', 'EXPIRED');
    return { requeued: [], ended: overdue.map(({ id }) => id) };
  }

  #all(): MemoryTaskRow[] {
    return [...this.#rows.values()];
  }

  #in(state: TaskState): MemoryTaskRow[] {
    return this.#all().filter((row) => row.state === state);
  }

  /** A key without its task is free. */
  #repeated(tenant: string, record: IdempotencyRecord): MemoryTaskRow | undefined {
    return this.#keys.find(tenant, record, (taskId) => this.#rows.get(taskId));
  }

  #inScope(scope: TaskScope, publicId: string): MemoryTaskRow | undefined {
    return this.#all().find((row) => row.publicId === publicId && inScope(row, scope));
  }
}

function isUnfinished(row: MemoryTaskRow): boolean {
  return row.state === 'queued' || row.state === 'running';
}
