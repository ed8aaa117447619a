/** Elects one among all processes. */
export interface LeaderLock {
  /**
   * Runs `lead` while this process is the leader, waiting for the lock as long as needed.
   * The signal given to `lead` fires when leadership is lost. Resolves when `signal` fires.
   */
  whileLeader(name: string, lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** Wakes the dispatcher when a task was created; a lost wake-up only costs one interval. */
export interface WakeUp {
  /** Resolves on the next wake-up, after `milliseconds`, or when `signal` fires, whichever is first. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}
