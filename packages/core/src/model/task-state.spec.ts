import { describe, expect, it } from 'vitest';
import { canBecome, isTerminal, taskStates, terminalStates } from './task-state.js';

describe('task states', () => {
  it.each(terminalStates)('%s never changes', (state) => {
    expect(isTerminal(state)).toBe(true);
    expect(taskStates.filter((next) => canBecome(state, next))).toEqual([]);
  });

  it('a queued task cannot succeed without having run', () => {
    expect(canBecome('queued', 'succeeded')).toBe(false);
    expect(canBecome('queued', 'running')).toBe(true);
    expect(canBecome('running', 'queued')).toBe(true);
  });
});
