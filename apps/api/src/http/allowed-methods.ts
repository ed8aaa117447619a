import type { FastifyInstance } from 'fastify';

/** A route as a pattern of path segments; undefined stands for a parameter, a final "*" for any rest. */
interface Route {
  readonly method: string;
  readonly segments: readonly (string | undefined)[];
  readonly open: boolean;
}

/** Remembers every route, so that a known path asked with another method can be told from an unknown one. */
export class AllowedMethods {
  private readonly routes: Route[] = [];

  constructor(fastify: Pick<FastifyInstance, 'addHook'>) {
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const one of [method].flat()) this.add(one, url);
    });
  }

  /** Methods the path answers to, sorted; empty: no such path. */
  of(path: string): readonly string[] {
    const segments = segmentsOf(path);
    const matching = this.routes.filter((route) => matches(route, segments));
    return [...new Set(matching.map(({ method }) => method))].sort();
  }

  private add(method: string, url: string): void {
    const open = url.endsWith('*');
    const segments = segmentsOf(open ? url.slice(0, -1) : url);
    this.routes.push({
      method,
      open,
      segments: segments.map((text) => (text.startsWith(':') ? undefined : text)),
    });
  }
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function matches({ segments, open }: Route, path: readonly string[]): boolean {
  if (open ? path.length < segments.length : path.length !== segments.length) return false;
  return segments.every((segment, index) => segment === undefined || segment === path[index]);
}
