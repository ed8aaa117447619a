import { MemoryEndpoints } from '@polyreel/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EndpointDirectory } from './endpoint-directory.js';

const sea = { name: 'sea', kind: 't2v', model: 'wan', defaults: { steps: 4 } } as const;

describe('the directory of endpoints', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('reads all endpoints once in a while, whatever is asked for', async () => {
    const endpoints = new MemoryEndpoints();
    const read = vi.spyOn(endpoints, 'all');
    const directory = new EndpointDirectory(endpoints);
    await endpoints.put(sea);
    expect(await directory.find('sea')).toEqual(sea);
    for (let n = 0; n < 100; n++) expect(await directory.find(`made-up-${n}`)).toBeUndefined();
    expect(read).toHaveBeenCalledTimes(1);
    await endpoints.remove('sea');
    expect(await directory.find('sea')).toEqual(sea);
    vi.advanceTimersByTime(3_001);
    expect(await directory.find('sea')).toBeUndefined();
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('asks again at once after a failure', async () => {
    const all = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue([sea]);
    const directory = new EndpointDirectory({ all });
    await expect(directory.find('sea')).rejects.toThrow('away');
    expect(await directory.find('sea')).toEqual(sea);
  });
});
