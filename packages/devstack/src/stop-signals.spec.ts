import { EventEmitter } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { onStopSignals } from './stop-signals.js';

afterEach(() => {
  vi.useRealTimers();
});

it('takes one Ctrl-C that arrives twice for one, and a later one for impatience', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const [stop, atOnce] = [vi.fn(), vi.fn()];
  const source = new EventEmitter();
  onStopSignals(stop, atOnce, source);
  source.emit('SIGINT');
  vi.advanceTimersByTime(200);
  source.emit('SIGINT');
  expect(stop).toHaveBeenCalledOnce();
  expect(atOnce).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2000);
  source.emit('SIGTERM');
  expect(stop).toHaveBeenCalledOnce();
  expect(atOnce).toHaveBeenCalledOnce();
});
