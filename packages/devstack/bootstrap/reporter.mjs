// Prints what the set-up does: a moving line in a terminal, plain lines elsewhere. Steps may overlap.
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const terminal = process.stdout.isTTY === true;
const running = new Map();
let timer;
let frame = 0;

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const paint = (code, text) => (terminal ? `\u001b[${code}m${text}\u001b[0m` : text);
export const tick = paint(32, '✔');
const cross = paint(31, '✖');

function clearLine() {
  if (terminal) process.stdout.write('\r\u001b[2K');
}

export function line(text) {
  clearLine();
  process.stdout.write(`${text}\n`);
}

function redraw() {
  const names = [...running].map(
    ([title, since]) => `${title} ${Math.round((performance.now() - since) / 1000)} s`,
  );
  const text = ` ${frames[(frame += 1) % frames.length]} ${names.join(' · ')}`;
  clearLine();
  process.stdout.write(text.slice(0, (process.stdout.columns ?? 80) - 1));
}

function mutter() {
  const slow = [...running].filter(([, since]) => performance.now() - since > 20_000);
  for (const [title, since] of slow) line(`   ${title}: still at it, ${seconds(since)}`);
}

/** Runs one step and prints how it went, with the text it resolves to, if any; a failure is thrown on. */
export async function step(title, work) {
  const since = performance.now();
  running.set(title, since);
  if (!terminal) line(` … ${title}`);
  // Long downloads must not look like a hang, in a terminal or in a log.
  timer ??= setInterval(terminal ? redraw : mutter, terminal ? 100 : 30_000);
  timer.unref?.();
  try {
    const remark = await work();
    running.delete(title);
    line(` ${tick} ${title} ${remark ? `${remark} ` : ''}${paint(2, seconds(since))}`);
  } catch (error) {
    running.delete(title);
    line(` ${cross} ${title} ${paint(2, seconds(since))}`);
    throw error;
  } finally {
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
      clearLine();
    }
  }
}
