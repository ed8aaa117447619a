// Ends the children of a launcher that died without stopping them (kill -9, out of memory).
// The launcher holds the other end of standard input and writes one JSON line per change:
// {"watch": pid, "signal": "SIGINT"} or {"forget": pid}. When the pipe closes, what is still watched ends,
// the last one started first.
import { createInterface } from 'node:readline';

const graceMilliseconds = 4000;
const watched = new Map();

const kill = (pid, signal) => {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
};

const gone = async (pid, milliseconds) => {
  const end = Date.now() + milliseconds;
  while (kill(pid, 0)) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
};

// A Ctrl-C meant for the launcher may reach this process too; only the closed pipe counts.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const { watch, signal, forget } = JSON.parse(line);
  if (watch) watched.set(watch, signal);
  if (forget) watched.delete(forget);
}
for (const [pid, signal] of [...watched].reverse()) {
  if (kill(pid, signal) && !(await gone(pid, graceMilliseconds))) kill(pid, 'SIGKILL');
}
