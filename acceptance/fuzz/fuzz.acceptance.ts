import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Platform } from '../platform/platform.js';
import { temporaryFolder } from '../platform/temporary-folder.js';

const run = promisify(execFile);
const schemathesis = join(dirname(inject('python')), 'schemathesis');

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
];

/** Seconds for each dialect; fuzzing goes on until they are over. Unset: one short round. */
const seconds = process.env.FUZZ_SECONDS;
const longer = seconds ? ['--max-time', seconds] : [];

let platform: Platform;
const folder = await temporaryFolder();
beforeAll(async () => {
  platform = await Platform.start({ QUEUE_LIMIT: '3', MAX_ATTEMPTS: '1' });
});
afterAll(async () => {
  await platform.stop();
});

/** Left out: base paths that lead to the same routes again, and routes that hold a request as long as it wishes. */
it.each([
  ['lightx2v', '^/lightx2v/'],
  ['latentsync', '^$'],
  ['opea-videos', '^/openai/'],
  ['runpod', '/(runsync|status-sync|stream)'],
])(
  '%s answers whatever its document allows and forbids as its document says',
  async (dialect, leftOut) => {
    const { stdout } = await run(
      schemathesis,
      [
        ...['--config-file', join(import.meta.dirname, 'schemathesis.toml')],
        ...['run', `${platform.baseUrl}/docs/${dialect}/openapi.json`, '--url', platform.baseUrl],
        ...['--checks', checks.join(','), '--exclude-path-regex', leftOut],
        ...['--phases', 'examples,coverage,fuzzing,stateful', '--max-examples', '6'],
        ...longer,
        ...['--seed', '1', '--generation-deterministic'],
        ...[
          '--workers',
          '1',
          '--request-timeout',
          '60',
          '--continue-on-failure',
          '--no-shrink',
          '--no-color',
        ],
      ],
      { cwd: folder, timeout: 500_000 + Number(seconds ?? 0) * 1000, maxBuffer: 64 * 1024 * 1024 },
    ).catch((error: { stdout?: string; message: string }) => {
      throw new Error(error.stdout || error.message);
    });
    expect(stdout).toMatch(/[1-9]\d+ generated, \d+ passed/);
  },
  600_000 + Number(seconds ?? 0) * 1000,
);
