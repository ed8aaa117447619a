import { pause, type LeaderLock } from '@polyreel/core';
import { closeSession, openSession, type Session } from './session.js';

export interface LeaderLockOptions {
  /** Milliseconds between two looks at the lock, held or wanted. Absent: 1,000. */
  readonly interval?: number;
  /**
   * Milliseconds of silence after which the server ends the session of a leader, and with it the lock.
   * Several times the interval. Absent: 10,000.
   */
  readonly patience?: number;
  /** Told each time the connection failed or broke; the lock is sought again by itself. Absent: nobody. */
  readonly onError?: (error: unknown) => void;
}

/**
 * An advisory lock of a session. A killed leader loses it at once, because
 * the server sees the connection close; a frozen one after `patience`, because
 * the server ends a session that has fallen silent.
 */
export class PostgresLeaderLock implements LeaderLock {
  readonly #interval: number;
  readonly #patience: number;

  constructor(
    private readonly databaseUrl: string,
    private readonly options: LeaderLockOptions = {},
  ) {
    this.#interval = options.interval ?? 1_000;
    this.#patience = options.patience ?? 10_000;
  }

  async whileLeader(
    name: string,
    lead: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      let session: Session | undefined;
      try {
        // Half the patience: a leader that is cut off knows it before the server gives the lock to another.
        session = await openSession(this.databaseUrl, `polyreel-leader-${name}`, this.#patience / 2);
        await session.client.query(`SELECT set_config('idle_session_timeout', $1, false)`, [
          `${this.#patience}ms`,
        ]);
        if (await this.#waitForLock(session, name, signal)) await this.#leadHolding(session, lead, signal);
      } catch (error) {
        // Whatever went wrong with the connection is tried again; a failure of the leader's own work is not hidden.
        if (error instanceof LeaderFailure) throw error.cause;
        this.options.onError?.(error);
      } finally {
        if (session) await closeSession(session);
      }
      await pause(this.#interval, signal);
    }
  }

  /** False when the signal fired first. @throws when the connection breaks */
  async #waitForLock({ client }: Session, name: string, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const { rows } = await client.query<{ held: boolean }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held',
        [`polyreel leader ${name}`],
      );
      if (rows[0]?.held) return true;
      await pause(this.#interval, signal);
    }
    return false;
  }

  /** Leads until the work is done, the signal fires or the connection is lost; resolves when the work has ended. */
  async #leadHolding(
    { client, lost }: Session,
    lead: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const over = new AbortController();
    const leading = AbortSignal.any([signal, lost, over.signal]);
    const work = lead(leading)
      .catch((cause: unknown) => {
        throw new LeaderFailure(cause);
      })
      .finally(() => over.abort());
    // Speaking now and then keeps the session alive and shows in time when it is not.
    const heartbeat = async () => {
      while (!leading.aborted) {
        await pause(this.#interval, leading);
        if (!leading.aborted) await client.query('SELECT 1').catch(() => over.abort());
      }
    };
    await Promise.all([work, heartbeat()]);
  }
}

class LeaderFailure extends Error {
  constructor(cause: unknown) {
    super('The leader failed.', { cause });
  }
}
