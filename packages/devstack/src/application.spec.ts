import { expect, it } from 'vitest';
import { reachable } from './application.js';

it.each([
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::', '[::1]'],
  ['::1', '[::1]'],
  ['box.local', 'box.local'],
])('reaches a server that listens on %s at %s', (host, address) => {
  expect(reachable(host)).toBe(address);
});
