import type { DeliveryQuery, QueuePlace } from '@polyreel/core';
import type { PrismaClient } from './generated/client.js';

type Routes = DeliveryQuery['routes'];

/** Tasks of one tenant, priority, kind and model that wait or run. */
interface LineGroup {
  readonly state: 'queued' | 'running';
  readonly tenant: string;
  readonly priority: number;
  readonly kind: string;
  readonly model: string;
  readonly tasks: number;
}

/** A task's place in the line of its own tenant. */
export interface OwnPlace {
  readonly tenant: string;
  readonly priority: number;
  /** Waiting tasks of the tenant before it, and those among them that go the asked routes. */
  readonly tasks: number;
  readonly routed: number;
}

/** How many tasks wait and run, by what decides about their turn. */
export class LineSummary {
  readonly waiting: number;

  constructor(private readonly groups: readonly LineGroup[]) {
    this.waiting = this.count(({ state }) => state === 'queued');
  }

  /** Reads the indexes of waiting and running tasks once. */
  static async read(prisma: PrismaClient): Promise<LineSummary> {
    const groups = await prisma.$queryRaw<LineGroup[]>`
      SELECT 'queued' AS state, t.tenant, t.priority, t.kind, t.model, count(*)::int AS tasks
      FROM task t WHERE t.state = 'queued' GROUP BY t.tenant, t.priority, t.kind, t.model
      UNION ALL
      SELECT 'running', t.tenant, 0, t.kind, t.model, count(*)::int
      FROM task t WHERE t.state = 'running' GROUP BY t.tenant, t.kind, t.model`;
    return new LineSummary(groups);
  }

  /** Where the task stands among all; those of other tenants with the same turn count as before it. */
  placeOf(own: OwnPlace, routes: Routes): QueuePlace {
    const isRouted = ({ kind, model }: LineGroup) =>
      routes.some((route) => route.kind === kind && route.model === model);
    const turn = this.turnsTakenBy(own.tenant) + own.tasks + 1;
    let { tasks: position, routed: onRoutes } = own;
    for (const tenant of new Set(this.groups.map((group) => group.tenant))) {
      if (tenant === own.tenant) continue;
      const waits = (group: LineGroup) => group.state === 'queued' && group.tenant === tenant;
      const isUrgent = (group: LineGroup) => waits(group) && group.priority > own.priority;
      const isEqual = (group: LineGroup) => waits(group) && group.priority === own.priority;
      const urgent = this.count(isUrgent);
      const equal = this.count(isEqual);
      const before = Math.min(equal, Math.max(0, turn - this.turnsTakenBy(tenant) - urgent));
      position += urgent + before;
      onRoutes += this.count((group) => isUrgent(group) && isRouted(group));
      // Which of them are before it is not known; so many of each kind and model as their share.
      if (before > 0)
        onRoutes += Math.round((before / equal) * this.count((group) => isEqual(group) && isRouted(group)));
    }
    return {
      position,
      onRoutes,
      running: this.count((group) => group.state === 'running' && isRouted(group)),
    };
  }

  private turnsTakenBy(tenant: string): number {
    return this.count((group) => group.state === 'running' && group.tenant === tenant);
  }

  private count(isCounted: (group: LineGroup) => boolean): number {
    return this.groups.reduce((sum, group) => sum + (isCounted(group) ? group.tasks : 0), 0);
  }
}
