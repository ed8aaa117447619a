/** One child process the supervisor keeps alive. */
export interface ProcessDefinition {
  /** Stands in `processes.json`, in the log's file name and in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited beyond it. */
  readonly env: Readonly<Record<string, string>>;
  /** Absent means the launcher's folder. */
  readonly cwd?: string;
  /** Kept over restarts, because the other parts were told this port. */
  readonly port: number;
  /** Runs before every start, the first and each restart. */
  readonly prepare?: () => Promise<void>;
  /** One look whether the process serves; false or a rejection mean "not yet". */
  readonly isReady: (pid: number) => Promise<boolean>;
  /** Longest time from the start to readiness, in seconds. */
  readonly readySeconds: number;
  readonly stopSignal: NodeJS.Signals;
  /** Time between the stop signal and SIGKILL, in seconds. */
  readonly stopSeconds: number;
}
