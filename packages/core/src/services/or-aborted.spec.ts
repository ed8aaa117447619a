import { describe, expect, it } from 'vitest';
import { orAborted } from './or-aborted.js';

describe('a promise or an abort', () => {
  it('is what the promise is while the signal has not fired', async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(orAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  });

  it('ends with the reason, before and during the wait', async () => {
    const reason = new Error('stopped');
    await expect(orAborted(Promise.resolve(1), AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const waiting = orAborted(new Promise(() => undefined), controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it.each([
    ['before', (controller: AbortController) => controller.abort(new Error('stopped'))],
    ['during', (controller: AbortController) => queueMicrotask(() => controller.abort(new Error('stopped')))],
  ])('takes care of a promise that fails after an abort %s the wait', async (_when, abort) => {
    const controller = new AbortController();
    const work = Promise.withResolvers<never>();
    abort(controller);
    await expect(orAborted(work.promise, controller.signal)).rejects.toThrow('stopped');
    const unhandled: unknown[] = [];
    const onUnhandled = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', onUnhandled);
    work.reject(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });
});
