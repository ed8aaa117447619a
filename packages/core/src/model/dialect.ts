/** The REST dialect a task was created in. It can be read only in that dialect (and by the admin API). */
export const dialectNames = ['lightx2v', 'runpod', 'opea-videos', 'latentsync'] as const;
export type DialectName = (typeof dialectNames)[number];
