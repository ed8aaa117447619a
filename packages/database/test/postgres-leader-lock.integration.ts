import { Arrivals } from '@polyreel/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { fired } from '../src/fired.js';
import { PostgresLeaderLock } from '../src/index.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';
import { openProxied } from './through-proxy.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
});
afterAll(() => database.drop());

/** A leader is patient enough not to be deposed because the machine is busy. */
const quick = { interval: 50, patience: 10_000 };

/** Takes part in an election; each term reports its beginning and lasts until its signal fires. */
function candidate(url: string, name: string) {
  const retirement = new AbortController();
  const terms = new Arrivals<AbortSignal>();
  const done = new PostgresLeaderLock(url, quick).whileLeader(
    name,
    async (signal) => {
      terms.push(signal);
      await fired(signal);
    },
    retirement.signal,
  );
  return {
    terms,
    async retire() {
      retirement.abort();
      await done;
    },
  };
}

it('lets one lead and hands over when it retires', async () => {
  const candidates = [1, 2, 3].map(() => candidate(database.url, 'handover'));
  const led: number[] = [];
  const terms = candidates.map(({ terms }, index) => terms.next().then((term) => ({ index, term })));
  while (led.length < candidates.length) {
    const { index, term } = await Promise.race(terms.filter((_, other) => !led.includes(other)));
    led.push(index);
    expect(term.aborted).toBe(false);
    await candidates[index]!.retire();
    expect(term.aborted).toBe(true);
  }
  expect([...led].sort()).toEqual([0, 1, 2]);
});

it('keeps elections of different names apart', async () => {
  const one = candidate(database.url, 'one');
  const two = candidate(database.url, 'two');
  await Promise.all([one.terms.next(), two.terms.next()]);
  await Promise.all([one.retire(), two.retire()]);
});

it('tells a leader whose connection breaks, elects another and lets the first come back', async () => {
  const { proxy, url } = await openProxied(database.url);
  const unlucky = candidate(url, 'broken');
  const term = await unlucky.terms.next();
  const successor = candidate(database.url, 'broken');
  proxy.cut();
  await fired(term);
  await successor.terms.next();
  proxy.restore();
  await successor.retire();
  await unlucky.terms.next();
  await unlucky.retire();
  await proxy.close();
});

it('takes the lock from a leader that has fallen silent, after telling it', async () => {
  const { proxy, url } = await openProxied(database.url);
  const silent = candidate(url, 'silent');
  const term = await silent.terms.next();
  const successor = candidate(database.url, 'silent');
  proxy.freeze();
  await successor.terms.next();
  expect(term.aborted).toBe(true);
  await successor.retire();
  await proxy.close();
  await silent.retire();
});

it('passes on what the leader throws', async () => {
  const lock = new PostgresLeaderLock(database.url, quick);
  const failure = lock.whileLeader(
    'failing',
    () => Promise.reject(new Error('A mistake in the program.')),
    new AbortController().signal,
  );
  await expect(failure).rejects.toThrow('A mistake in the program.');
});
