import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Terminal } from './terminal.js';

function output(isTTY: boolean) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY, columns: 80 });
  return {
    terminal: new Terminal(stream as unknown as NodeJS.WriteStream),
    text: () => String(stream.read() ?? ''),
  };
}

it('draws one moving bar in a terminal and keeps lines above it', () => {
  const { terminal, text } = output(true);
  terminal.progress(0.5, 'generating');
  terminal.line('worker is back');
  terminal.progress(1, 'uploading');
  terminal.progressEnd();
  const drawn = text();
  expect(drawn).toContain(`${'█'.repeat(15)}${'░'.repeat(15)}  50 % generating`);
  expect(drawn).toMatch(/worker is back\n.*50 %/);
  expect(drawn.endsWith('\r\u001b[2K')).toBe(true);
});

it('writes a plain line per tenth elsewhere, without control characters', () => {
  const { terminal, text } = output(false);
  for (const step of [10, 11, 12, 20]) terminal.progress(step / 100, `frame ${step}`);
  terminal.good('done');
  expect(text()).toBe('    10 % frame 10\n    20 % frame 20\n ✔ done\n');
});
