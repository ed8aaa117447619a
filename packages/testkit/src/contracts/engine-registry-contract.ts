import type { EngineDescription, EngineRegistry } from '@polyreel/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { scriptedDescription } from '../engine-script.js';

export interface EngineRegistryFixture {
  readonly registry: EngineRegistry;
  /** Lets time pass for the registry. A real one goes on by itself as well. */
  advance(seconds: number): Promise<void>;
}

/** What every EngineRegistry does. `open` is called before each test and gives an empty registry. */
export function engineRegistryContract(open: () => Promise<EngineRegistryFixture>): void {
  describe('engine registry', () => {
    let fixture: EngineRegistryFixture;
    beforeEach(async () => {
      fixture = await open();
    });

    it('returns what was reported, with the address', async () => {
      await fixture.registry.report('127.0.0.1:50051', scriptedDescription);
      const [engine, ...others] = await fixture.registry.live(60);
      expect(others).toEqual([]);
      expect(engine).toEqual({
        ...scriptedDescription,
        address: '127.0.0.1:50051',
        lastSeenAt: expect.any(Date) as Date,
      });
    });

    it('keeps the last report of each address', async () => {
      const draining: EngineDescription = { ...scriptedDescription, state: 'draining', slots: 0 };
      await fixture.registry.report('b:1', scriptedDescription);
      await fixture.registry.report('a:1', scriptedDescription);
      await fixture.registry.report('b:1', draining);
      expect((await fixture.registry.live(60)).map(({ address, state }) => [address, state])).toEqual([
        ['a:1', scriptedDescription.state],
        ['b:1', 'draining'],
      ]);
    });

    it('forgets engines not seen for long, and knows them again', async () => {
      await fixture.registry.report('a:1', scriptedDescription);
      await fixture.advance(30);
      expect(await fixture.registry.live(60)).toHaveLength(1);
      await fixture.advance(31);
      expect(await fixture.registry.live(60)).toEqual([]);
      await fixture.registry.report('a:1', scriptedDescription);
      expect(await fixture.registry.live(60)).toHaveLength(1);
    });
  });
}
