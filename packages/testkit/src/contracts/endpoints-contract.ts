import type { Endpoint, Endpoints } from '@polyreel/core';
import { beforeEach, describe, expect, it } from 'vitest';

const dialogue: Endpoint = {
  name: 'dialogue',
  kind: 'talk',
  model: 'infinitetalk',
  defaults: { steps: 8, prompt: 'Zwei Personen \u0000 reden', return_mask: false },
};
const sea: Endpoint = { name: 'Sea_2', kind: 't2v', model: 'wan', defaults: {} };

/** What every Endpoints does. `open` is called before each test and gives it without any endpoint. */
export function endpointsContract(open: () => Promise<Endpoints>): void {
  describe('endpoints', () => {
    let endpoints: Endpoints;
    beforeEach(async () => {
      endpoints = await open();
    });

    it('returns what was put, in the order of the names', async () => {
      expect(await endpoints.all()).toEqual([]);
      await endpoints.put(dialogue);
      await endpoints.put(sea);
      expect(await endpoints.all()).toEqual([sea, dialogue]);
    });

    it('replaces an endpoint of the same name', async () => {
      await endpoints.put(dialogue);
      const other: Endpoint = {
        name: 'dialogue',
        kind: 'lipsync',
        model: 'latentsync',
        defaults: { seed: 1 },
      };
      await endpoints.put(other);
      expect(await endpoints.all()).toEqual([other]);
    });

    it('removes an endpoint once', async () => {
      await endpoints.put(dialogue);
      await endpoints.put(sea);
      expect(await endpoints.remove('dialogue')).toBe(true);
      expect(await endpoints.remove('dialogue')).toBe(false);
      expect(await endpoints.all()).toEqual([sea]);
    });
  });
}
