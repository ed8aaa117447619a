/** What a task makes. */
export const taskKinds = ['talk', 'lipsync', 't2v', 'i2v'] as const;
export type TaskKind = (typeof taskKinds)[number];
