import { readFileSync } from 'node:fs';

/** Parent of a process, or undefined where that cannot be read. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

const isNpm = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('npm');
  } catch {
    return false;
  }
};

/**
 * Calls `gone` when the npm that runs this script has been killed with -9: then it cannot pass a signal on, and
 * it only shows in who the parent is. Between npm and the script may stand the shell npm started it with.
 */
export function onNpmGone(gone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const shellsParent = isNpm(parent) ? undefined : parentOf(parent);
  const watchesShell = shellsParent !== undefined && isNpm(shellsParent);
  const timer = setInterval(() => {
    if (process.ppid === parent && (!watchesShell || parentOf(parent) === shellsParent)) return;
    clearInterval(timer);
    gone();
  }, 1000);
  timer.unref();
}
