import { beforeEach, describe } from 'vitest';
import { attemptContract } from './task-store/attempts.js';
import { commandContract } from './task-store/commands.js';
import { creationContract } from './task-store/creation.js';
import type { TaskStoreFixture } from './task-store/fixture.js';
import { lineContract } from './task-store/line.js';
import { readingContract } from './task-store/reading.js';
import { repeatContract } from './task-store/repeats.js';
import { sweepContract } from './task-store/sweeps.js';

export type { TaskStoreFixture } from './task-store/fixture.js';

/** What every TaskStore does. `open` is called before each test and gives an empty store. */
export function taskStoreContract(open: () => Promise<TaskStoreFixture>): void {
  describe('task store', () => {
    let fixture: TaskStoreFixture;
    beforeEach(async () => {
      fixture = await open();
    });
    const current = () => fixture;
    describe('creation', () => creationContract(current));
    describe('repeats', () => repeatContract(current));
    describe('reading', () => readingContract(current));
    describe('line', () => lineContract(current));
    describe('attempts', () => attemptContract(current));
    describe('commands', () => commandContract(current));
    describe('sweeps', () => sweepContract(current));
  });
}
