import {
  isTerminal,
  type Asset,
  type Task,
  type TaskScope,
  type TaskState,
  type TaskToCreate,
  type Work,
} from '@polyreel/core';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a store keeps about a task beyond the task itself. */
export interface MemoryTaskRow extends Omit<Mutable<Task>, 'assets'> {
  assets: Asset[];
  leaseUntil?: Date;
  deliveredAt?: Date;
  ttlSeconds?: number;
  readonly attemptsPerRun: number;
  readonly webhookUrl?: string;
  work?: Work;
}

export function newMemoryRow(task: TaskToCreate, now: Date): MemoryTaskRow {
  return {
    ...task,
    // What JSON cannot carry would not survive a real store either.
    parameters: throughJson(task.parameters),
    request: throughJson(task.request),
    extras: throughJson(task.extras),
    assets: throughJson(task.assets) as Asset[],
    state: 'queued',
    progress: 0,
    step: 0,
    steps: 0,
    chunk: 0,
    chunks: 0,
    message: '',
    attempt: 0,
    attemptsPerRun: task.maxAttempts,
    deadline: later(now, task.ttlSeconds),
    createdAt: now,
  };
}

/** A copy of the task; later changes of the row do not show in it. */
export function taskOfRow(row: MemoryTaskRow): Task {
  const { leaseUntil: _lease, deliveredAt: _delivered, ttlSeconds: _ttl, ...rest } = row;
  const { attemptsPerRun: _attempts, webhookUrl: _webhook, work: _work, ...task } = rest;
  return structuredClone(task);
}

export function inScope(row: MemoryTaskRow, scope: TaskScope): boolean {
  return (
    row.tenant === scope.tenant &&
    row.dialect === scope.dialect &&
    (scope.endpoint === undefined || row.endpoint === scope.endpoint)
  );
}

/** Puts a row into a state and clears what belongs to the state it leaves. */
export function moveRow(row: MemoryTaskRow, state: TaskState, now: Date): void {
  row.state = state;
  row.leaseUntil = undefined;
  row.deliveredAt = undefined;
  row.stage = undefined;
  row.expectedEndAt = undefined;
  if (state === 'succeeded' || state === 'cancelled') row.sealedSecrets = undefined;
  row.finishedAt = isTerminal(state) ? now : undefined;
}

export function later(now: Date, seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(now.getTime() + seconds * 1000);
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
