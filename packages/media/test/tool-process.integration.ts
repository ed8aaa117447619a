import { expect, it } from 'vitest';
import { runTool } from '../src/tool-process.js';

const shell = (script: string, timeoutMilliseconds = 60_000) =>
  runTool({ command: '/bin/sh', args: ['-c', script], timeoutMilliseconds, onOutput: () => undefined });

it('keeps the beginning of what a tool complains about', async () => {
  const end = await shell('echo first >&2; head -c 100000 /dev/zero | tr "\\0" x >&2; exit 3');
  expect(end).toMatchObject({ exitCode: 3, timedOut: false });
  expect(end.complaints).toMatch(/^first\nx+$/);
  expect(end.complaints).toHaveLength(16_384);
});

it('ends a tool that complains without end', async () => {
  const end = await shell('exec yes complaint >&2');
  expect(end).toMatchObject({ exitCode: null, timedOut: false });
});

it('ends a tool that takes too long', async () => {
  expect(await shell('exec sleep 60', 50)).toMatchObject({ exitCode: null, timedOut: true });
});
