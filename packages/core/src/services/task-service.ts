import type { OutputRole } from '../model/asset.js';
import { copyPlaceOf } from '../model/copy-place.js';
import { objectKeys } from '../model/object-keys.js';
import { checkInputRoles, roleByContent } from '../model/task-inputs.js';
import { isTerminal } from '../model/task-state.js';
import { assetOf, type Task } from '../model/task.js';
import { uuidV7 } from '../model/uuid-v7.js';
import type { IdempotencyKey } from '../ports/idempotency.js';
import type { MediaIntake } from '../ports/media-intake.js';
import type { LinkOptions, ObjectStore } from '../ports/object-store.js';
import type { TaskEvents } from '../ports/task-events.js';
import type { CancelOutcome, TaskScope, TaskStore } from '../ports/task-store.js';
import type { ModelCatalog } from './model-catalog.js';
import { fingerprintOf } from './request-fingerprint.js';
import type { Submission } from './submission.js';
import { receiveInputs, storeInputs } from './submitted-inputs.js';
import { TaskOutlooks, type Outlook } from './task-outlooks.js';

/** Ended tasks of a state that are counted for a reply; beyond that the number tells nobody more. */
const MOST_ENDED = 10_000;
/** Seconds an idempotency key is kept. */
const IDEMPOTENCY_SECONDS = 24 * 3600;

export interface SubmitOptions {
  /** The client's key: a repeated request gets the task of the first one. Absent: every request makes a task. */
  readonly idempotency?: IdempotencyKey;
  readonly signal?: AbortSignal;
}

export interface TaskServiceOptions {
  readonly maxAttempts: number;
  /** Unfinished tasks a tenant may have. */
  readonly queueLimit: number;
}

/** Everything a dialect may do with tasks. Stateless; every call names its scope. */
export class TaskService {
  private readonly outlooks: TaskOutlooks;

  constructor(
    private readonly store: TaskStore,
    private readonly objects: ObjectStore,
    private readonly intake: MediaIntake,
    private readonly events: TaskEvents,
    private readonly catalog: ModelCatalog,
    private readonly options: TaskServiceOptions,
  ) {
    this.outlooks = new TaskOutlooks(store, catalog);
  }

  /**
   * Stores the inputs, writes one row and returns it; nothing else must happen for the task to run.
   * Takes over the received media of the submission and discards them, whatever happens.
   * @throws TaskError for unusable inputs; DuplicatePublicIdError; QueueFullError; IdempotencyKeyReusedError.
   *   Nothing is left behind then.
   */
  async submit(submission: Submission, { idempotency, signal }: SubmitOptions = {}): Promise<Task> {
    const id = uuidV7();
    const { kind, tenant, inputs: submitted, seedDrawn: _drawn, ...row } = submission;
    const received = submitted.flatMap((input) => ('media' in input ? [input.media] : []));
    try {
      checkInputRoles(
        kind,
        submitted.map((input) =>
          'media' in input ? roleByContent(input.role, input.media.mediaType) : input.role,
        ),
      );
      const inputs = await receiveInputs(kind, submitted, this.intake, received, signal);
      const record = idempotency && {
        ...idempotency,
        fingerprint: fingerprintOf(submission, inputs),
        keepSeconds: IDEMPOTENCY_SECONDS,
      };
      // Most repeats come long after the first request; they cost no upload.
      const earlier = record && (await this.store.findRepeated(tenant, record));
      if (earlier) return earlier;
      await this.catalog.check(kind, row.model, row.parameters);
      if (row.webhookUrl !== undefined) this.intake.checkUrl(row.webhookUrl);
      const copyTo = copyPlaceOf(row);
      if (copyTo) this.intake.checkUrl(copyTo.endpoint);
      const assets = await storeInputs(id, kind, inputs, this.objects, signal);
      const { maxAttempts, queueLimit } = this.options;
      const task = await this.store.create(
        { ...row, kind, tenant, id, assets, maxAttempts },
        queueLimit,
        record,
      );
      // Another request with the same key was a moment faster.
      if (task.id !== id) await this.removeInputs(id);
      return task;
    } catch (error) {
      await this.removeInputs(id);
      throw error;
    } finally {
      await Promise.all(received.map((media) => media.discard()));
    }
  }

  find(scope: TaskScope, publicId: string): Promise<Task | undefined> {
    return this.store.findByPublicId(scope, publicId);
  }

  readonly findByResultPath: TaskStore['findByResultPath'] = (scope, paths) =>
    this.store.findByResultPath(scope, paths);

  readonly list: TaskStore['list'] = (scope, query) => this.store.list(scope, query);

  /** @param most where the count of an ended state stops: 10,000 unless given */
  readonly countByState: TaskStore['countByState'] = (scope, states, most = MOST_ENDED) =>
    this.store.countByState(scope, states, most);

  readonly queueOf: TaskStore['queueOf'] = (scope, limit) => this.store.queueOf(scope, limit);

  readonly countRetried: TaskStore['countRetried'] = (scope) => this.store.countRetried(scope);

  /** Tasks before this one; 0 for the next one and for tasks that no longer wait. */
  async queuePosition(task: Task): Promise<number> {
    return task.state === 'queued' ? ((await this.store.queuePlace(task.id, []))?.position ?? 0) : 0;
  }

  /** Tasks that run at this moment, whoever's they are. */
  readonly countRunning: TaskStore['countRunning'] = () => this.store.countRunning();

  /**
   * Waits until the task has ended, `milliseconds` have passed or the signal fires, and returns its last state.
   * Undefined when it is unknown.
   */
  async waitForEnd(
    scope: TaskScope,
    publicId: string,
    milliseconds: number,
    signal?: AbortSignal,
  ): Promise<Task | undefined> {
    const first = await this.find(scope, publicId);
    if (!first || isTerminal(first.state) || milliseconds <= 0) return first;
    const ended = Promise.withResolvers<void>();
    const unsubscribe = await this.events.subscribe(first.id, (news) => {
      if (news.type === 'ended') ended.resolve();
    });
    const timer = setTimeout(() => ended.resolve(), milliseconds);
    const onAbort = () => ended.resolve();
    signal?.addEventListener('abort', onAbort, { once: true });
    // The events are only hints and may be lost: look at the row now and then as well.
    const poll = setInterval(() => {
      void this.find(scope, publicId).then((task) => {
        if (!task || isTerminal(task.state)) ended.resolve();
      }, ended.reject);
    }, 5_000);
    try {
      // It may have ended between the first look and the subscription.
      const second = await this.find(scope, publicId);
      if (!second || isTerminal(second.state)) return second;
      if (!signal?.aborted) await ended.promise;
      return await this.find(scope, publicId);
    } finally {
      clearTimeout(timer);
      clearInterval(poll);
      signal?.removeEventListener('abort', onAbort);
      unsubscribe();
    }
  }

  async cancel(scope: TaskScope, publicId: string): Promise<CancelOutcome> {
    const outcome = await this.store.requestCancel(scope, publicId);
    if (outcome === 'cancelled') {
      const task = await this.find(scope, publicId);
      if (task) await this.events.publish({ taskId: task.id, type: 'ended' }).catch(() => undefined);
    }
    return outcome;
  }

  cancelQueued(scope: TaskScope): Promise<number> {
    return this.store.cancelQueued(scope);
  }

  readonly changeTimeToLive: TaskStore['changeTimeToLive'] = (scope, publicId, seconds) =>
    this.store.changeTimeToLive(scope, publicId, seconds);

  /** Queues a failed task again under the same id. */
  retry(scope: TaskScope, publicId: string): Promise<boolean> {
    return this.store.retryFailed(scope, publicId);
  }

  /** Deletes an ended task and all its objects. Returns what it was; undefined when unknown or not ended. */
  async delete(scope: TaskScope, publicId: string): Promise<Task | undefined> {
    const task = await this.store.deleteEnded(scope, publicId);
    if (task) {
      await Promise.all([
        this.objects.removePrefix(objectKeys.inputs(task.id)),
        this.objects.removePrefix(objectKeys.results(task.id)),
      ]);
    }
    return task;
  }

  /** Where the task stands and when it will have ended. */
  outlook(task: Task, now: Date = new Date()): Promise<Outlook> {
    return this.outlooks.of(task, now);
  }

  /** A link to an output, signed now. Undefined when the task has no such output. */
  async outputLink(
    task: Task,
    role: OutputRole,
    options: Pick<LinkOptions, 'seconds' | 'fileName' | 'disposition'>,
  ): Promise<string | undefined> {
    const asset = assetOf(task, role);
    if (!asset?.objectKey || !asset.mediaType) return undefined;
    return this.objects.signedLink(asset.objectKey, {
      ...options,
      mediaType: asset.mediaType,
      audience: 'public',
    });
  }

  /** Objects that stay behind because the store is away cost space only. */
  private async removeInputs(taskId: string): Promise<void> {
    await this.objects.removePrefix(objectKeys.inputs(taskId)).catch(() => undefined);
  }
}
