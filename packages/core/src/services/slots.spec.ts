import { describe, expect, it } from 'vitest';
import { Slots } from './slots.js';

describe('Slots', () => {
  it('serves waiters in order and counts a slot given back twice once', async () => {
    const slots = new Slots(1);
    const release = await slots.acquire();
    const order: string[] = [];
    const second = slots.acquire().then((giveBack) => (order.push('second'), giveBack));
    const third = slots.acquire().then((giveBack) => (order.push('third'), giveBack));
    expect(slots.hasFree()).toBe(false);
    release();
    release();
    (await second)();
    (await third)();
    expect(order).toEqual(['second', 'third']);
    expect(slots.hasFree()).toBe(true);
  });
});
