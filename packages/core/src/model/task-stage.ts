/** What a running task is doing, in the order a task passes through them. */
export const taskStages = ['fetching', 'loading', 'generating', 'encoding', 'uploading'] as const;
export type TaskStage = (typeof taskStages)[number];
