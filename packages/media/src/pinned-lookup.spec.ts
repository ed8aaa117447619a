import { expect, it } from 'vitest';
import { pinnedLookup, type ResolvedAddress } from './pinned-lookup.js';

const publicAddress = { address: '93.184.216.34', family: 4 };
const privateAddress = { address: '10.0.0.1', family: 4 };

function answer(addresses: ResolvedAddress[], privateAllowed: boolean, all: boolean): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const lookup = pinnedLookup(async () => addresses, privateAllowed);
  lookup('files.example.com', { all }, (error, found) => (error === null ? resolve(found) : reject(error)));
  return promise;
}

it('gives the socket the addresses that were checked', async () => {
  expect(await answer([publicAddress], false, true)).toEqual([publicAddress]);
  expect(await answer([publicAddress], false, false)).toBe(publicAddress.address);
});

it.each([
  [[privateAddress]],
  [[publicAddress, privateAddress]],
  [[{ address: '::ffff:127.0.0.1', family: 6 }]],
])('refuses a name with a private address: %j', async (addresses) => {
  await expect(answer(addresses, false, true)).rejects.toMatchObject({ code: 'INPUT_UNREACHABLE' });
});

it('lets an excepted host be private', async () => {
  expect(await answer([privateAddress], true, true)).toEqual([privateAddress]);
});

it('fails for a name without addresses', async () => {
  await expect(answer([], false, true)).rejects.toMatchObject({ code: 'ENOTFOUND' });
});
