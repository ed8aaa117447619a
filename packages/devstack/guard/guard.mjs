// Ends the children of a launcher that died without stopping them (kill -9, out of memory).
// The launcher holds the other end of standard input and writes one JSON line per change:
// {"watch": pid, "signal": "SIGINT"} or {"forget": pid}. When the pipe closes, what is still watched ends.
import { readFileSync } from 'node:fs';
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

const isRunning = (pid) => {
  if (!kill(pid, 0)) return false;
  try {
    // A zombie has ended, only nobody has asked for its exit code yet.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat[stat.lastIndexOf(')') + 2]);
  } catch {
    return process.platform !== 'linux';
  }
};

// A Ctrl-C meant for the launcher may reach this process too; only the closed pipe counts.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const { watch, signal, forget } = JSON.parse(line);
  if (watch) watched.set(watch, signal);
  if (forget) watched.delete(forget);
}
for (const [pid, signal] of watched) kill(pid, signal);
const end = Date.now() + graceMilliseconds;
const left = () => [...watched.keys()].filter(isRunning);
while (left().length > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
for (const pid of left()) kill(pid, 'SIGKILL');
