import { expect, it } from 'vitest';
import { LineSummary } from './line-summary.js';

const group = (tenant: string, tasks: number, over = {}) => ({
  ...{ state: 'queued' as const, tenant, priority: 0, kind: 't2v', model: 'wan', tasks },
  ...over,
});
const routes = [{ kind: 't2v', model: 'wan' }] as const;

it('lets the tenants take turns, the busy ones later', () => {
  const line = new LineSummary([
    group('own', 50),
    group('long', 500),
    group('short', 3),
    group('busy', 500),
    group('busy', 4, { state: 'running' }),
  ]);
  expect(line.waiting).toBe(1053);
  // The tenth of its tenant: ten of the long line, three of the short one, six of the busy one.
  const own = { tenant: 'own', priority: 0, tasks: 9, routed: 9 };
  expect(line.placeOf(own, routes)).toEqual({ position: 28, onRoutes: 28, running: 4 });
});

it('puts higher priorities first, and counts routes apart by their share', () => {
  const line = new LineSummary([
    group('a', 5, { priority: 1, kind: 'talk' }),
    group('a', 30),
    group('a', 10, { model: 'other' }),
    group('a', 100, { priority: -1 }),
  ]);
  const own = { tenant: 'own', priority: 0, tasks: 24, routed: 0 };
  expect(line.placeOf(own, routes)).toEqual({ position: 24 + 5 + 20, onRoutes: 15, running: 0 });
  expect(line.placeOf({ ...own, tasks: 0 }, [])).toEqual({ position: 5, onRoutes: 0, running: 0 });
});
