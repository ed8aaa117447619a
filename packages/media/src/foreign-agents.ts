import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { askNameServers } from './name-servers.js';
import { pinnedLookup, systemResolver, type ResolveHost } from './pinned-lookup.js';
import type { UrlRules } from './url-rules.js';

const connectTimeoutMilliseconds = 10_000;

/** The connections to foreign servers: to public addresses only, but for excepted hosts. No proxy is used. */
export class ForeignAgents {
  private readonly guarded: Agent;
  private readonly trusted: Agent;

  /**
   * @param idleMilliseconds silence of the server, before and within its answer, that ends a request
   * @param resolve absent: the name servers, and the system's lookup for excepted hosts, which need not stand in any
   */
  constructor(
    private readonly rules: UrlRules,
    idleMilliseconds: number,
    resolve?: ResolveHost,
  ) {
    const agent = (lookup: LookupFunction): Agent =>
      new Agent({
        allowH2: false,
        headersTimeout: idleMilliseconds,
        bodyTimeout: idleMilliseconds,
        connect: { timeout: connectTimeoutMilliseconds, lookup },
      });
    this.guarded = agent(pinnedLookup(resolve ?? askNameServers(), false));
    this.trusted = agent(pinnedLookup(resolve ?? systemResolver, true));
  }

  /** @param url checked by the rules */
  for(url: URL): Dispatcher {
    return this.rules.allows(url) ? this.trusted : this.guarded;
  }

  /** Ends idle connections at once and waits for the others. */
  async close(): Promise<void> {
    await Promise.all([this.guarded.close(), this.trusted.close()]);
  }
}
