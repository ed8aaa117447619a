import type { TaskKind } from '../model/task-kind.js';
import type { EngineRegistry } from '../ports/engine-registry.js';
import type { LeaderLock, WakeUp } from '../ports/leader-lock.js';
import type { TaskEvents } from '../ports/task-events.js';
import type { TaskQueue } from '../ports/task-queue.js';
import type { TaskStore } from '../ports/task-store.js';

export interface DispatcherPorts {
  readonly store: TaskStore;
  readonly queue: TaskQueue;
  readonly registry: EngineRegistry;
  readonly events: TaskEvents;
  readonly lock: LeaderLock;
  readonly wakeUp: WakeUp;
}

export interface DispatcherOptions {
  /** Longest time between two rounds; a created task wakes the dispatcher at once. */
  readonly intervalMilliseconds: number;
  /** An engine not seen for so long gets no tasks. */
  readonly engineLiveSeconds: number;
  /** A delivery nobody claimed is repeated after this. */
  readonly redeliverAfterSeconds: number;
}

/** Milliseconds between two looks for expired idempotency keys; they lose their meaning without being removed. */
const KEY_SWEEP_INTERVAL = 60_000;

/** What one round did, for logs. */
export interface DispatchReport {
  readonly delivered: number;
  readonly requeued: readonly string[];
  readonly ended: readonly string[];
}

/** Moves tasks from Postgres to the queue in fair order and picks up what was lost. One leads, any can take over. */
export class Dispatcher {
  private keysSweptAt = -Infinity;

  constructor(
    private readonly ports: DispatcherPorts,
    private readonly options: DispatcherOptions,
    private readonly report: (outcome: DispatchReport | Error) => void,
  ) {}

  /** Takes part in the election and dispatches while leading, until `signal` fires. */
  run(signal: AbortSignal): Promise<void> {
    return this.ports.lock.whileLeader('dispatcher', (leading) => this.lead(leading), signal);
  }

  /** One round: sweep, then fill every engine's queue to twice its slots. */
  async round(): Promise<DispatchReport> {
    const { store, registry, queue, events } = this.ports;
    const lost = await store.reclaimLostLeases();
    const expired = await store.expireOverdue();
    const ended = [...lost.ended, ...expired.ended];
    await Promise.allSettled(ended.map((taskId) => events.publish({ taskId, type: 'ended' })));
    if (performance.now() - this.keysSweptAt >= KEY_SWEEP_INTERVAL) {
      await store.forgetExpiredKeys();
      await store.forgetSecrets();
      this.keysSweptAt = performance.now();
    }

    let delivered = 0;
    for (const [engine, { slots, routes }] of await this.engines(registry)) {
      const deliveries = await store.pickForDelivery({
        routes,
        depth: 2 * slots,
        redeliverAfterSeconds: this.options.redeliverAfterSeconds,
      });
      for (const { taskId, attempt } of deliveries) await queue.deliver(engine, taskId, attempt);
      delivered += deliveries.length;
    }
    return { delivered, requeued: lost.requeued, ended };
  }

  private async lead(leading: AbortSignal): Promise<void> {
    while (!leading.aborted) {
      try {
        this.report(await this.round());
      } catch (error) {
        // A database or Redis that is away comes back; the next round repeats what was missed.
        this.report(error instanceof Error ? error : new Error(String(error)));
      }
      await this.ports.wakeUp.wait(this.options.intervalMilliseconds, leading);
    }
  }

  /** Live engines that take jobs, those of one name together. */
  private async engines(registry: EngineRegistry) {
    const live = (await registry.live(this.options.engineLiveSeconds)).filter(
      ({ state }) => state === 'ready' || state === 'busy',
    );
    const engines = new Map<string, { slots: number; routes: { kind: TaskKind; model: string }[] }>();
    for (const engine of live) {
      const entry = engines.get(engine.engine) ?? { slots: 0, routes: [] };
      entry.slots += engine.slots;
      for (const model of engine.models)
        for (const { kind } of model.kinds)
          if (!entry.routes.some((route) => route.kind === kind && route.model === model.name))
            entry.routes.push({ kind, model: model.name });
      engines.set(engine.engine, entry);
    }
    return engines;
  }
}
