import type { Asset } from '../model/asset.js';
import type { DialectName } from '../model/dialect.js';
import type { TaskErrorCode } from '../model/task-error.js';
import type { TaskKind } from '../model/task-kind.js';
import type { TaskStage } from '../model/task-stage.js';
import type { TaskState } from '../model/task-state.js';
import type { PastRun } from '../model/estimate.js';
import type { Task } from '../model/task.js';
import type { Work } from '../model/work.js';
import type { IdempotencyRecord } from './idempotency.js';

/** A row to be written. The store sets state, attempt, progress and all instants by its own clock. */
export type TaskToCreate = Pick<
  Task,
  | 'id'
  | 'publicId'
  | 'tenant'
  | 'dialect'
  | 'endpoint'
  | 'kind'
  | 'model'
  | 'parameters'
  | 'request'
  | 'extras'
  | 'maxAttempts'
  | 'priority'
  | 'executionTimeoutSeconds'
  | 'sealedSecrets'
  | 'assets'
> & {
  /** Seconds from creation after which the task expires in any unfinished state. Absent: never. */
  readonly ttlSeconds?: number;
  /** URL that is told about the end of the task. Absent: nobody. */
  readonly webhookUrl?: string;
};

/** The public id is already used by this tenant. */
export class DuplicatePublicIdError extends Error {
  constructor(readonly publicId: string) {
    super(`The task id ${publicId} is already used.`);
    this.name = 'DuplicatePublicIdError';
  }
}

/** The queue holds as many unfinished tasks as the limit allows; nothing was written. */
export class QueueFullError extends Error {
  constructor(readonly limit: number) {
    super(`The queue is full (${limit} tasks).`);
    this.name = 'QueueFullError';
  }
}

/** Which tasks a dialect may see. Every read and write of a client names its tenant and dialect. */
export interface TaskScope {
  readonly tenant: string;
  readonly dialect: DialectName;
  /** Narrows to one endpoint. Absent: all. */
  readonly endpoint?: string;
}

export interface TaskListQuery {
  readonly states?: readonly TaskState[];
  readonly order: 'oldest-first' | 'newest-first';
  /** 1 to 1000 */
  readonly limit: number;
  /** Public id of the task after which the page begins, in the given order. Unknown: empty page. */
  readonly after?: string;
}

export interface TaskPage {
  readonly tasks: readonly Task[];
  readonly hasMore: boolean;
}

export interface TaskProgress {
  readonly stage: TaskStage;
  /** 0 to 1; the store never lets the row's value fall. */
  readonly progress: number;
  readonly step: number;
  readonly steps: number;
  readonly chunk: number;
  readonly chunks: number;
  /** Seconds from now until the engine expects to have ended. Absent: nobody knows. */
  readonly remainingSeconds?: number;
  /** Empty: keep the last one. */
  readonly message: string;
}

/** What a beat brings back: go on, stop because the user asked for it, or stop because the attempt is no longer ours. */
export type BeatAnswer = 'go' | 'cancel' | 'lost';

export type Settlement =
  | {
      readonly state: 'succeeded';
      readonly message: string;
      readonly outputs: readonly Asset[];
      /** What was made, for the estimates of later tasks. Absent: nothing is known. */
      readonly work?: Work;
    }
  | { readonly state: 'failed'; readonly code: TaskErrorCode; readonly text: string }
  | { readonly state: 'cancelled' }
  /** Another attempt, after `delaySeconds`. The caller has checked attempts. */
  | { readonly state: 'queued'; readonly delaySeconds: number; readonly message: string };

/** `cancelled`: ended at once. `requested`: running, will end soon. `finished`: had already ended. */
export type CancelOutcome = 'cancelled' | 'requested' | 'finished' | 'unknown';

/** A queued task that may be handed to the queue. `attempt` is the one the claim will make: task.attempt + 1. */
export interface Delivery {
  readonly taskId: string;
  readonly attempt: number;
  readonly kind: TaskKind;
  readonly model: string;
}

export interface DeliveryQuery {
  /** Kinds and models that live engines can run. */
  readonly routes: readonly { readonly kind: TaskKind; readonly model: string }[];
  /** How many tasks of these routes may be delivered but unclaimed at the same time. */
  readonly depth: number;
  /** A delivery older than this that was not claimed is delivered again. */
  readonly redeliverAfterSeconds: number;
}

/** What waits and runs in a scope. */
export interface ScopeQueue {
  /** Public ids of waiting tasks, oldest first. */
  readonly waiting: readonly string[];
  readonly queued: number;
  readonly running: number;
}

/** Where a waiting task stands: exactly in a line of up to 1,000 tasks, in a longer one about, as of a second ago. */
export interface QueuePlace {
  /** Waiting tasks before this one in fair order, over all tenants and models; 0 is next. */
  readonly position: number;
  /** Those among them that go the given routes. */
  readonly onRoutes: number;
  /** Running tasks of the routes. */
  readonly running: number;
}

/** What one sweep changed, public enough to be logged and announced. */
export interface Swept {
  readonly requeued: readonly string[];
  readonly ended: readonly string[];
}

/**
 * The one truth about tasks. Every method is one statement or one
 * transaction; every clock in it is the store's own.
 */
export interface TaskStore {
  /**
   * Writes the task with its assets as `queued` and wakes the dispatcher.
   * @param queueLimit refuses with QueueFullError when the tenant has that many unfinished tasks
   * @param record written with the task or not at all. When an earlier request has the key, nothing is written and
   *   its task is returned, however full the queue is: known by an `id` that is not the given one
   * @throws DuplicatePublicIdError, QueueFullError, IdempotencyKeyReusedError
   */
  create(task: TaskToCreate, queueLimit: number, record?: IdempotencyRecord): Promise<Task>;
  /** The task an earlier request made under this key. Undefined: the key is free. @throws IdempotencyKeyReusedError */
  findRepeated(tenant: string, record: IdempotencyRecord): Promise<Task | undefined>;
  findByPublicId(scope: TaskScope, publicId: string): Promise<Task | undefined>;
  /** The newest task whose client wished one of these result paths (the text `save_result_path` of its extras). */
  findByResultPath(scope: TaskScope, paths: readonly string[]): Promise<Task | undefined>;
  list(scope: TaskScope, query: TaskListQuery): Promise<TaskPage>;
  /**
   * @param states the only ones counted. Absent: all
   * @param most where the count of an ended state stops; in a scope with an endpoint it then costs no more however long
   *   the history is. Absent: nowhere
   */
  countByState<State extends TaskState = TaskState>(
    scope: TaskScope,
    states?: readonly State[],
    most?: number,
  ): Promise<Record<State, number>>;
  /** What waits and runs in the scope. @param limit most waiting tasks that are named; all are counted */
  queueOf(scope: TaskScope, limit: number): Promise<ScopeQueue>;
  /** Number of tasks of the scope that were started more than once, by the server or at the client's wish. */
  countRetried(scope: TaskScope): Promise<number>;
  /** The place of a task in the line. Undefined when it is not queued. @param routes kinds and models counted apart */
  queuePlace(taskId: string, routes: DeliveryQuery['routes']): Promise<QueuePlace | undefined>;
  /** Number of running tasks, over all tenants and models. */
  countRunning(): Promise<number>;

  /** Queued tasks end at once, running ones are asked to stop. */
  requestCancel(scope: TaskScope, publicId: string): Promise<CancelOutcome>;
  /** Cancels every queued task of the scope; returns how many. Running ones are left alone. */
  cancelQueued(scope: TaskScope): Promise<number>;
  /** Deletes an ended task; returns it for the removal of its objects. Undefined when unknown or not ended. */
  deleteEnded(scope: TaskScope, publicId: string): Promise<Task | undefined>;
  /** Deletes up to `limit` tasks that ended more than `seconds` ago, oldest first; returns them for the removal of their objects. */
  deleteEndedBefore(seconds: number, limit: number): Promise<readonly Task[]>;
  /**
   * Has the task expire this many seconds from now instead, whatever its state; a retry starts the same time anew.
   * False when it is unknown or past its deadline already.
   */
  changeTimeToLive(scope: TaskScope, publicId: string, seconds: number): Promise<boolean>;
  /** FAILED to queued with the same id and fresh attempts. False when unknown or not failed. */
  retryFailed(scope: TaskScope, publicId: string): Promise<boolean>;

  /** Any task by its internal id, whatever its tenant: for workers, never for a client's request. */
  find(taskId: string): Promise<Task | undefined>;
  /** The last 50 succeeded tasks of this kind and model at most, newest first. */
  recentRuns(kind: TaskKind, model: string): Promise<readonly PastRun[]>;

  /** Picks queued tasks in fair order (priority, round-robin over tenants, age), marks them delivered. */
  pickForDelivery(query: DeliveryQuery): Promise<readonly Delivery[]>;
  /** queued -> running when `attempt` is the next one and not expired; undefined when somebody else was faster. */
  claim(taskId: string, attempt: number, leaseSeconds: number): Promise<Task | undefined>;
  /** Writes progress, extends the lease. Fenced by the attempt. */
  beat(taskId: string, attempt: number, progress: TaskProgress, leaseSeconds: number): Promise<BeatAnswer>;
  /** Records a fetched input on the asset of its role. Fenced by the attempt; false when lost. */
  recordInput(taskId: string, attempt: number, asset: Asset): Promise<boolean>;
  /** Ends the attempt. Fenced by the attempt; false when lost. A requested cancel turns everything but success into `cancelled`. */
  settle(taskId: string, attempt: number, settlement: Settlement): Promise<boolean>;

  /** Running tasks whose lease has passed: queued again, or failed ENGINE_LOST after the last attempt, or cancelled when asked. */
  reclaimLostLeases(): Promise<Swept>;
  /** Unfinished tasks past their deadline fail with EXPIRED. */
  expireOverdue(): Promise<Swept>;
  /**
   * Removes the sealed secrets of tasks past their deadline, which nobody can retry; returns how many tasks had some.
   * Those of tasks that succeeded or were cancelled go at that moment.
   */
  forgetSecrets(): Promise<number>;
  /** Removes idempotency keys past their time, some at a call; returns how many. */
  forgetExpiredKeys(): Promise<number>;
}
