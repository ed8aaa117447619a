import { expect, it } from 'vitest';
import { uuidV7 } from './uuid-v7.js';

it('makes time-ordered version 7 UUIDs', () => {
  const ids = [1, 2, 1_700_000_000_000, 281_474_976_710_655].map((time) => uuidV7(time));
  for (const id of ids)
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(uuidV7(5)).not.toBe(uuidV7(5));
});
