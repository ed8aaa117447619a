import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { freePort, isFree } from '../src/free-port.js';

const script = join(import.meta.dirname, 'fixtures/ports.mjs');
/** So many that two of them would be the same if chance alone kept them apart. */
const many = 300;

it('gives no port twice, neither to one launcher nor to two, long before anybody listens there', async () => {
  const child = spawn(process.execPath, [script, String(many)], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    const exited = once(child, 'exit');
    child.stdin.end();
    await exited;
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const ports = JSON.parse(line) as number[];
  while (ports.length < 2 * many) ports.push(await freePort());
  expect(new Set(ports).size).toBe(2 * many);
});

it('gives ports one can listen on', async () => {
  expect(await isFree('127.0.0.1', await freePort())).toBe(true);
  expect(await isFree('0.0.0.0', await freePort('0.0.0.0'))).toBe(true);
});
