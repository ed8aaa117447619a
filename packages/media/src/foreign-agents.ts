import { Agent, type Dispatcher } from 'undici';
import { pinnedLookup, systemResolver, type ResolveHost } from './pinned-lookup.js';
import type { UrlRules } from './url-rules.js';

const connectTimeoutMilliseconds = 10_000;

/** The connections to foreign servers: to public addresses only, but for excepted hosts. No proxy is used. */
export class ForeignAgents {
  private readonly guarded: Agent;
  private readonly trusted: Agent;

  /** @param idleMilliseconds silence of the server, before and within its answer, that ends a request */
  constructor(
    private readonly rules: UrlRules,
    idleMilliseconds: number,
    resolve: ResolveHost = systemResolver,
  ) {
    const agent = (privateAllowed: boolean): Agent =>
      new Agent({
        allowH2: false,
        headersTimeout: idleMilliseconds,
        bodyTimeout: idleMilliseconds,
        connect: { timeout: connectTimeoutMilliseconds, lookup: pinnedLookup(resolve, privateAllowed) },
      });
    this.guarded = agent(false);
    this.trusted = agent(true);
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
