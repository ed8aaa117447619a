import { pause, type WakeUp } from '@polyreel/core';
import { fired } from './fired.js';
import { closeSession, openSession, type Session } from './session.js';
import { wakeUpChannel } from './wake-up-bell.js';

/** Milliseconds between two tries to listen again. */
const reconnectInterval = 1_000;

/** What a waiter may be woken by. The second is rung by a trigger of the table of deliveries. */
const channels = { tasks: wakeUpChannel, webhooks: 'polyreel_webhooks' } as const;

/** Listens to the notifications of the task store, for one waiter. While it cannot, waits simply last their full time. */
export class PostgresWakeUp implements WakeUp {
  readonly #closing = new AbortController();
  readonly #listening: Promise<void>;
  #notified = false;
  #wake: (() => void) | undefined;

  /**
   * Starts to listen at once.
   * @param onError told each time listening failed or broke off; it is taken up again by itself
   * @param topic what wakes: tasks to be dispatched, or webhooks to be sent
   */
  constructor(
    private readonly databaseUrl: string,
    private readonly onError: (error: unknown) => void = () => undefined,
    private readonly topic: keyof typeof channels = 'tasks',
  ) {
    this.#listening = this.#listen();
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    // A notification that came while nobody waited ends this wait at once.
    if (!this.#notified && !signal.aborted && !this.#closing.signal.aborted)
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          this.#wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        signal.addEventListener('abort', done, { once: true });
        this.#wake = done;
      });
    this.#notified = false;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake?.();
    await this.#listening;
  }

  async #listen(): Promise<void> {
    const closing = this.#closing.signal;
    while (!closing.aborted) {
      let session: Session | undefined;
      try {
        session = await openSession(this.databaseUrl, 'polyreel-wake-up');
        session.client.on('notification', () => this.#notify());
        await session.client.query(`LISTEN ${channels[this.topic]}`);
        // What happened while nobody listened.
        this.#notify();
        await fired(AbortSignal.any([session.lost, closing]));
      } catch (error) {
        // The server is away or restarting; whoever waits goes by its interval meanwhile.
        this.onError(error);
      } finally {
        if (session) await closeSession(session);
      }
      await pause(reconnectInterval, closing);
    }
  }

  #notify(): void {
    this.#notified = true;
    this.#wake?.();
  }
}
