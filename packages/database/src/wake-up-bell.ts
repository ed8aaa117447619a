import type { PrismaClient } from './generated/client.js';

/** Channel on which the dispatcher is woken. */
export const wakeUpChannel = 'polyreel_tasks';

/**
 * Wakes the dispatcher after a commit. Not within it: a transaction that
 * notifies makes all others that do wait for its commit, which halves the
 * rate of creates. A ring that gets lost costs one interval of the dispatcher.
 */
export class WakeUpBell {
  #ringing = false;
  #again = false;

  constructor(private readonly prisma: PrismaClient) {}

  /** Returns at once. Any number of rings while one is under way become one more. */
  ring(): void {
    this.#again = true;
    if (!this.#ringing) void this.#ringUntilQuiet();
  }

  async #ringUntilQuiet(): Promise<void> {
    this.#ringing = true;
    while (this.#again) {
      this.#again = false;
      await this.prisma.$executeRaw`SELECT pg_notify(${wakeUpChannel}, '')`.catch(() => undefined);
    }
    this.#ringing = false;
  }
}
