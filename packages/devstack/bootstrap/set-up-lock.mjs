import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inRoot } from './paths.mjs';
import { line } from './reporter.mjs';

const path = inRoot('.venv', 'set-up.lock');

const holder = () => {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'EPERM' ? -1 : undefined;
  }
};

/** Two starts in one checkout install one after the other; the second then finds nothing left to do. */
export async function withSetUpLock(work) {
  mkdirSync(inRoot('.venv'), { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const pid = holder();
    if (pid === undefined) rmSync(path, { force: true });
    else if (!told) line(` … waiting for the set-up that process ${pid} runs in this folder`);
    told = pid !== undefined;
    await new Promise((resolve) => setTimeout(resolve, pid === undefined ? 0 : 300));
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    release();
    process.off('exit', release);
  }
}
