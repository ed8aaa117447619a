import { Resolver } from 'node:dns/promises';
import type { ResolvedAddress, ResolveHost } from './pinned-lookup.js';

export interface NameServersOptions {
  /** `address:port`. Absent: those of the system. */
  readonly servers?: readonly string[];
  /** Milliseconds per try. Absent: 2,000. */
  readonly timeout?: number;
  /** Absent: 2. */
  readonly tries?: number;
}

const nothingThere = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Asks the name servers itself, for names that strangers choose. The system's lookup would take one of the few threads on
 * which our own database and store are looked up too, and hold it as long as a stranger's name server keeps silent.
 */
export function askNameServers({
  servers,
  timeout = 2_000,
  tries = 2,
}: NameServersOptions = {}): ResolveHost {
  return async (host) => {
    const resolver = new Resolver({ timeout, tries });
    if (servers) resolver.setServers([...servers]);
    const families = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = families.flatMap((answer, index): ResolvedAddress[] =>
      answer.status === 'fulfilled'
        ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 }))
        : [],
    );
    if (addresses.length > 0) return addresses;
    const isNowhere = families.every(
      (answer) =>
        answer.status === 'fulfilled' ||
        nothingThere.has((answer.reason as NodeJS.ErrnoException).code ?? ''),
    );
    throw Object.assign(new Error(`No address of ${host} was found.`), {
      code: isNowhere ? 'ENOTFOUND' : 'EAI_AGAIN',
    });
  };
}
