import { expect, it } from 'vitest';
import { Slots } from './slots.js';

it('lets the next one in when one is done, in order, also after a failure', async () => {
  const slots = new Slots(1);
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = slots.run(undefined, async () => {
    await gate.promise;
    order.push('first');
    throw new Error('first failed');
  });
  const second = slots.run(undefined, async () => void order.push('second'));
  const third = slots.run(undefined, async () => void order.push('third'));
  expect(order).toEqual([]);
  gate.resolve();
  await expect(first).rejects.toThrow('first failed');
  await Promise.all([second, third]);
  expect(order).toEqual(['first', 'second', 'third']);
});

it('lets somebody leave the line', async () => {
  const slots = new Slots(1);
  const gate = Promise.withResolvers<void>();
  const busy = slots.run(undefined, () => gate.promise);
  const controller = new AbortController();
  const waiting = slots.run(controller.signal, async () => 'never');
  controller.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  gate.resolve();
  await busy;
  expect(await slots.run(undefined, async () => 'next')).toBe('next');
});
