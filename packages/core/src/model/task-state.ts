/** The life of a task. Terminal states never change. */
export const taskStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
export type TaskState = (typeof taskStates)[number];

export const terminalStates = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly TaskState[];
export type TerminalState = (typeof terminalStates)[number];

export const activeStates = ['queued', 'running'] as const satisfies readonly TaskState[];

const successors: Record<TaskState, readonly TaskState[]> = {
  // queued -> failed is expiry; running -> queued is another attempt after a lost worker.
  queued: ['running', 'cancelled', 'failed'],
  running: ['succeeded', 'failed', 'cancelled', 'queued'],
  succeeded: [],
  failed: [],
  cancelled: [],
};

export function isTerminal(state: TaskState): state is TerminalState {
  return successors[state].length === 0;
}

export function canBecome(from: TaskState, to: TaskState): boolean {
  return successors[from].includes(to);
}
