import { ScriptedEngine, successScript } from '@polyreel/testkit';
import { expect, it } from 'vitest';
import { TaskError } from '../model/task-error.js';
import type { EngineEvent, EngineJob } from '../ports/engine.js';
import { generateWhenFree } from './generate-when-free.js';

const job: EngineJob = { taskId: 't', attempt: 1, kind: 't2v', model: 'm', parameters: {}, inputs: [] };
const never = new AbortController().signal;
const busy = { type: 'fail', error: new TaskError('ENGINE_UNAVAILABLE') } as const;

async function typesOf(events: AsyncIterable<EngineEvent>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of events) types.push(type);
  return types;
}

it('tries again while the engine takes no jobs', async () => {
  const engine = new ScriptedEngine([busy], [busy], successScript());
  expect((await typesOf(generateWhenFree(engine, job, never))).at(-1)).toBe('completed');
  expect(engine.runs).toHaveLength(3);
});

it('gives up when its patience is over', async () => {
  const engine = new ScriptedEngine([busy]);
  await expect(typesOf(generateWhenFree(engine, job, never, 0))).rejects.toThrow(busy.error);
  expect(engine.runs).toHaveLength(1);
});

it('never repeats what has begun, nor any other failure', async () => {
  const begun = new ScriptedEngine([...successScript().slice(0, 1), busy]);
  await expect(typesOf(generateWhenFree(begun, job, never))).rejects.toThrow(busy.error);
  const broken = new ScriptedEngine([{ type: 'fail', error: new TaskError('OUT_OF_MEMORY') }]);
  await expect(typesOf(generateWhenFree(broken, job, never))).rejects.toThrow(TaskError);
  expect([begun.runs.length, broken.runs.length]).toEqual([1, 1]);
});
