import type {
  Asset,
  BeatAnswer,
  CancelOutcome,
  Delivery,
  DeliveryQuery,
  IdempotencyRecord,
  PastRun,
  QueuePlace,
  ScopeQueue,
  Settlement,
  Swept,
  Task,
  TaskKind,
  TaskListQuery,
  TaskPage,
  TaskProgress,
  TaskScope,
  TaskState,
  TaskStore,
  TaskToCreate,
} from '@polyreel/core';
import * as attempts from './attempts.js';
import type { PrismaClient } from './generated/client.js';
import { findRepeatedTask, forgetExpiredKeys } from './idempotency-keys.js';
import * as commands from './task-commands.js';
import { QueuePlaces } from './queue-places.js';
import { createTask } from './task-creation.js';
import * as line from './task-line.js';
import * as reads from './task-reads.js';
import * as sweeps from './task-sweeps.js';
import { WakeUpBell } from './wake-up-bell.js';

/** Tasks in Postgres. Its statements stand in the modules imported here, one per concern. */
export class PrismaTaskStore implements TaskStore {
  readonly #bell: WakeUpBell;
  readonly #places: QueuePlaces;

  constructor(private readonly prisma: PrismaClient) {
    this.#bell = new WakeUpBell(prisma);
    this.#places = new QueuePlaces(prisma);
  }

  async create(task: TaskToCreate, queueLimit: number, record?: IdempotencyRecord): Promise<Task> {
    const created = await createTask(this.prisma, task, queueLimit, record);
    if (created.id === task.id) this.#bell.ring();
    return created;
  }

  findRepeated(tenant: string, record: IdempotencyRecord): Promise<Task | undefined> {
    return findRepeatedTask(this.prisma, tenant, record);
  }

  find(taskId: string): Promise<Task | undefined> {
    return reads.findTask(this.prisma, taskId);
  }

  findByPublicId(scope: TaskScope, publicId: string): Promise<Task | undefined> {
    return reads.findTaskByPublicId(this.prisma, scope, publicId);
  }

  findByResultPath(scope: TaskScope, paths: readonly string[]): Promise<Task | undefined> {
    return reads.findTaskByResultPath(this.prisma, scope, paths);
  }

  list(scope: TaskScope, query: TaskListQuery): Promise<TaskPage> {
    return reads.listTasks(this.prisma, scope, query);
  }

  countByState<State extends TaskState>(
    scope: TaskScope,
    states?: readonly State[],
    most?: number,
  ): Promise<Record<State, number>> {
    return reads.countTasksByState(this.prisma, scope, states, most);
  }

  queueOf(scope: TaskScope, limit: number): Promise<ScopeQueue> {
    return reads.queueOf(this.prisma, scope, limit);
  }

  countRetried(scope: TaskScope): Promise<number> {
    return reads.countRetried(this.prisma, scope);
  }

  recentRuns(kind: TaskKind, model: string): Promise<readonly PastRun[]> {
    return reads.recentRuns(this.prisma, kind, model);
  }

  queuePlace(taskId: string, routes: DeliveryQuery['routes']): Promise<QueuePlace | undefined> {
    return this.#places.of(taskId, routes);
  }

  countRunning(): Promise<number> {
    return line.countRunning(this.prisma);
  }

  pickForDelivery(query: DeliveryQuery): Promise<readonly Delivery[]> {
    return line.pickForDelivery(this.prisma, query);
  }

  requestCancel(scope: TaskScope, publicId: string): Promise<CancelOutcome> {
    return commands.requestCancel(this.prisma, scope, publicId);
  }

  cancelQueued(scope: TaskScope): Promise<number> {
    return commands.cancelQueued(this.prisma, scope);
  }

  deleteEnded(scope: TaskScope, publicId: string): Promise<Task | undefined> {
    return commands.deleteEnded(this.prisma, scope, publicId);
  }

  deleteEndedBefore(seconds: number, limit: number): Promise<readonly Task[]> {
    return sweeps.deleteEndedBefore(this.prisma, seconds, limit);
  }

  changeTimeToLive(scope: TaskScope, publicId: string, seconds: number): Promise<boolean> {
    return commands.changeTimeToLive(this.prisma, scope, publicId, seconds);
  }

  async retryFailed(scope: TaskScope, publicId: string): Promise<boolean> {
    const retried = await commands.retryFailed(this.prisma, scope, publicId);
    if (retried) this.#bell.ring();
    return retried;
  }

  claim(taskId: string, attempt: number, leaseSeconds: number): Promise<Task | undefined> {
    return attempts.claimTask(this.prisma, taskId, attempt, leaseSeconds);
  }

  beat(taskId: string, attempt: number, progress: TaskProgress, leaseSeconds: number): Promise<BeatAnswer> {
    return attempts.beat(this.prisma, taskId, attempt, progress, leaseSeconds);
  }

  recordInput(taskId: string, attempt: number, asset: Asset): Promise<boolean> {
    return attempts.recordInput(this.prisma, taskId, attempt, asset);
  }

  /** Every end of an attempt frees a slot, so the dispatcher is woken. */
  async settle(taskId: string, attempt: number, settlement: Settlement): Promise<boolean> {
    const settled = await attempts.settleTask(this.prisma, taskId, attempt, settlement);
    if (settled) this.#bell.ring();
    return settled;
  }

  reclaimLostLeases(): Promise<Swept> {
    return sweeps.reclaimLostLeases(this.prisma);
  }

  expireOverdue(): Promise<Swept> {
    return sweeps.expireOverdue(this.prisma);
  }

  forgetSecrets(): Promise<number> {
    return sweeps.forgetSecrets(this.prisma);
  }

  forgetExpiredKeys(): Promise<number> {
    return forgetExpiredKeys(this.prisma);
  }
}
