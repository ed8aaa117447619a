import type { WakeUp } from '@polyreel/core';

/** Wakes on `ring`; the milliseconds of a wait never pass by themselves. */
export class MemoryWakeUp implements WakeUp {
  #rung = false;
  #waiting: (() => void) | undefined;

  /** Ends the wait that is going on, or the next one. */
  ring(): void {
    this.#rung = true;
    this.#waiting?.();
  }

  async wait(_milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    this.#rung = false;
  }
}
