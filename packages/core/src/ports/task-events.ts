/** News about a task for whoever listens now. Nothing is stored: a listener reads the row after each hint. */
export interface TaskNews {
  readonly taskId: string;
  /** `ended`: the task reached a terminal state. `progress`: the row changed. `preview`: a picture is attached. */
  readonly type: 'progress' | 'preview' | 'ended';
  /** Only with `preview`: a JPEG of at most 256 KiB. */
  readonly picture?: Uint8Array;
}

/** Live events between processes. Losing one is harmless. */
export interface TaskEvents {
  /** Never rejects: what cannot be sent is lost. */
  publish(news: TaskNews): Promise<void>;
  /** Calls `listener` for every news of the task until the returned function is called. Resolves when listening. */
  subscribe(taskId: string, listener: (news: TaskNews) => void): Promise<() => void>;
}
