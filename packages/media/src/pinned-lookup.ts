import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.js';
import { privateNetwork } from './url-rules.js';

export interface ResolvedAddress {
  readonly address: string;
  /** 4 or 6 */
  readonly family: number;
}

/** All addresses of a host name. Rejects when there are none. */
export type ResolveHost = (host: string) => Promise<ResolvedAddress[]>;

export const systemResolver: ResolveHost = (host) => lookup(host, { all: true, verbatim: true });

/**
 * Lookup for sockets that connects only to what was checked: the name is resolved once, every address must be
 * public, and the socket gets these very addresses. A second answer of the name server changes nothing.
 */
export function pinnedLookup(resolve: ResolveHost, privateAllowed: boolean): LookupFunction {
  return (host, options, callback) => {
    void resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) {
          callback(Object.assign(new Error('The name has no address.'), { code: 'ENOTFOUND' }), '');
        } else if (!privateAllowed && !addresses.every(({ address }) => isPublicAddress(address))) {
          callback(privateNetwork(), '');
        } else if (options.all === true) {
          callback(null, addresses);
        } else {
          callback(null, first.address, first.family);
        }
      },
      (error: unknown) =>
        callback(error instanceof Error ? error : new Error('The name was not resolved.'), ''),
    );
  };
}
