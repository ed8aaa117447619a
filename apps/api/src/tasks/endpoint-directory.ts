import { Inject, Injectable } from '@nestjs/common';
import type { Endpoint, Endpoints } from '@polyreel/core';
import { ENDPOINTS } from './tokens.js';

/** Milliseconds the list is reused: so long a change takes to be seen, and a request costs no read of its own. */
const CACHE_MILLISECONDS = 3_000;

/** The endpoints the operator has named. All are kept, so that made-up names cost nothing. */
@Injectable()
export class EndpointDirectory {
  private cached:
    { readonly until: number; readonly byName: Promise<ReadonlyMap<string, Endpoint>> } | undefined;

  constructor(@Inject(ENDPOINTS) private readonly endpoints: Pick<Endpoints, 'all'>) {}

  async find(name: string): Promise<Endpoint | undefined> {
    return (await this.byName()).get(name);
  }

  private byName(): Promise<ReadonlyMap<string, Endpoint>> {
    const now = Date.now();
    if (this.cached && this.cached.until >= now) return this.cached.byName;
    const byName = this.endpoints
      .all()
      .then((all) => new Map(all.map((endpoint) => [endpoint.name, endpoint])));
    this.cached = { until: now + CACHE_MILLISECONDS, byName };
    // What failed is not kept.
    byName.catch(() => (this.cached = undefined));
    return byName;
  }
}
