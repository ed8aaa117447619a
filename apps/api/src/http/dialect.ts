import type { Type } from '@nestjs/common';
import type { LimitSettings } from '@polyreel/config';
import type { DialectName } from '@polyreel/core';
import type { DialectErrors } from './api-error.js';
import type { DialectWebhooks } from './dialect-webhooks.js';

/** What the rest of the API knows about a dialect. Each dialect folder exports exactly one. */
export interface Dialect {
  readonly name: DialectName;
  /** For people: heading of its documentation. */
  readonly title: string;
  readonly description: string;
  /** First path segments (or more) it owns, such as "/v1/tasks". The longest match over all dialects wins. */
  readonly paths: readonly string[];
  /** Its Nest module. */
  readonly module: Type;
  readonly errors: DialectErrors;
  /** How it tells the ends of tasks to those who wait for them. Absent: the dialect knows no webhooks. */
  readonly webhooks?: DialectWebhooks;
  /** Largest body in bytes of routes with a limit of their own, by the path they are registered under. */
  readonly bodyBytes?: (limits: LimitSettings) => Readonly<Record<string, number>>;
}

/** The dialect that owns a path, so that even unknown routes below it answer in its own shape. */
export function dialectOfPath(dialects: readonly Dialect[], path: string): Dialect | undefined {
  let best: { dialect: Dialect; length: number } | undefined;
  for (const dialect of dialects) {
    for (const owned of dialect.paths) {
      const matches = path === owned || path.startsWith(owned.endsWith('/') ? owned : `${owned}/`);
      if (matches && owned.length > (best?.length ?? -1)) best = { dialect, length: owned.length };
    }
  }
  return best?.dialect;
}
