import './node-version.mjs';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stopOnSignals } from './failure.mjs';
import { setUp } from './installer.mjs';
import { line, step } from './reporter.mjs';
import { run } from './run-command.mjs';
import { stages, stepNames } from './test-steps.mjs';

const total = { passed: 0, failed: 0 };

/** Services and settings of the person at the keyboard must not reach the tests. */
const foreign =
  /^(DATABASE_URL|REDIS_URL|S3_.+|AWS_.+|ENGINES|HOST|PORT|AUTH.*|LOG_.+|FETCH_.+|MODEL_.+|PG[A-Z]+)$/;
const scrubbed = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) => foreign.test(name))
    .map((name) => [name, undefined]),
);

function wantedSteps() {
  const { values } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: false });
  if (values.only === undefined) return new Set(stepNames);
  const names = values.only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !stepNames.includes(name));
  if (unknown.length > 0) throw new Error(`unknown step: ${unknown.join(', ')}`);
  return new Set(names);
}

async function runStep({ name, title, command, args, cwd, report, count }) {
  if (report) rmSync(report, { force: true });
  const env = { ...scrubbed, CI: 'true', FORCE_COLOR: process.stdout.isTTY ? '1' : undefined };
  try {
    await step(title, async () => {
      let failure;
      await run(`test-${name}`, command, args, { cwd, env, lines: 400 }).catch((error) => (failure = error));
      const text = report && existsSync(report) ? readFileSync(report, 'utf8') : undefined;
      const counts = count ? count(text) : { passed: failure ? 0 : 1, failed: failure ? 1 : 0, skipped: 0 };
      // An error outside every test makes a runner fail although all its tests have passed.
      if (failure && counts.failed === 0) counts.failed = 1;
      total.passed += counts.passed;
      total.failed += counts.failed;
      if (failure) throw failure;
      if (count) return `${counts.passed} passed${counts.skipped ? `, ${counts.skipped} skipped` : ''}`;
    });
  } catch (error) {
    line(error.message);
  }
}

async function runLane(steps) {
  for (const one of steps) await runStep(one);
}

let wanted;
try {
  wanted = wantedSteps();
} catch (error) {
  console.error(`${error.message}\nUsage: npm test -- [--only ${stepNames.join(',')}]`);
  process.exit(2);
}

stopOnSignals();
try {
  // The build is a step of its own, so that its errors are shown and counted like others.
  await setUp({ forTests: true, build: false });
  for (const lanes of stages) {
    await Promise.all(lanes.map((lane) => runLane(lane.filter(({ name }) => wanted.has(name)))));
  }
} catch (error) {
  line(error.message);
  total.failed += 1;
}
line(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
