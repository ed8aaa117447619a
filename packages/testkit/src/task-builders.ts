import { uuidV7, type Task, type TaskScope, type TaskToCreate } from '@polyreel/core';

/** A talking-head task with a stored portrait and stored speech; every field can be replaced. */
export function aTaskToCreate(overrides: Partial<TaskToCreate> = {}): TaskToCreate {
  const id = overrides.id ?? uuidV7();
  return {
    id,
    publicId: `task-${id}`,
    tenant: 'acme',
    dialect: 'lightx2v',
    endpoint: '',
    kind: 'talk',
    model: 'preview',
    parameters: { prompt: 'A person speaks.', seed: 7 },
    request: { prompt: 'A person speaks.' },
    extras: {},
    maxAttempts: 3,
    priority: 0,
    assets: [
      { role: 'image', objectKey: `inputs/${id}/image`, mediaType: 'image/png', bytes: 1000 },
      { role: 'audio', objectKey: `inputs/${id}/audio`, mediaType: 'audio/wav', bytes: 2000 },
    ],
    ...overrides,
  };
}

/** A whole task as a store would return it, queued unless told otherwise. */
export function aTask(overrides: Partial<Task> = {}): Task {
  const { ttlSeconds: _ttl, webhookUrl: _webhook, ...row } = aTaskToCreate();
  return {
    ...row,
    state: 'queued',
    progress: 0,
    step: 0,
    steps: 0,
    chunk: 0,
    chunks: 0,
    message: '',
    attempt: 0,
    createdAt: new Date('2026-01-01T00:00:00Z'),
    ...overrides,
  };
}

/** The scope in which a task can be seen. */
export function scopeOf(task: Pick<Task, 'tenant' | 'dialect'>): TaskScope {
  return { tenant: task.tenant, dialect: task.dialect };
}
