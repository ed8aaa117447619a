import {
  TaskError,
  taskErrors,
  type Engine,
  type EngineEvent,
  type EngineInput,
  type EngineJob,
  type TaskErrorCode,
} from '@polyreel/core';
import { afterEach, describe, expect, it } from 'vitest';
import { inPiecesOf, patternBytes } from '../byte-pattern.js';
import {
  accepted,
  completed,
  generating,
  output,
  scriptedDescription,
  successScript,
  type EngineScript,
} from '../engine-script.js';
import type { ScriptedEngine } from '../scripted-engine.js';

export interface EngineFixture {
  /** What is tested. */
  readonly engine: Engine;
  /** The engine's own side: it plays the scripts and tells what it saw. */
  readonly scripted: ScriptedEngine;
  close(): Promise<void>;
}

export function inputOf(role: EngineInput['role'], mediaType: string, bytes: Uint8Array): EngineInput {
  return { role, mediaType, bytes: bytes.length, open: () => inPiecesOf(bytes, 100_003) };
}

export function jobOf(changes: Partial<EngineJob> = {}): EngineJob {
  return {
    taskId: '0199f0c4-5e9a-7000-8000-3c0b6d9f1a22',
    attempt: 2,
    kind: 'talk',
    model: 'scripted',
    parameters: {},
    inputs: [],
    ...changes,
  };
}

export async function eventsOf(engine: Engine, job: EngineJob): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  for await (const event of engine.generate(job, new AbortController().signal)) events.push(event);
  return events;
}

/** What every Engine does. Each test has a fixture of its own. */
export function engineContract(open: (...scripts: EngineScript[]) => Promise<EngineFixture>): void {
  describe('engine', () => {
    let fixture: EngineFixture | undefined;
    const opened = async (...scripts: EngineScript[]) => (fixture = await open(...scripts));
    afterEach(async () => {
      await fixture?.close();
      fixture = undefined;
    });

    it('describes itself', async () => {
      const { engine } = await opened();
      expect(await engine.describe()).toEqual(scriptedDescription);
    });

    it('is given the job as it is, with every byte of its inputs', async () => {
      const { engine, scripted } = await opened(successScript());
      const image = patternBytes(3 * 1024 * 1024 + 7);
      const audio = patternBytes(1);
      const parameters = { prompt: 'a "café" 視頻', fps: 25, guidance_scale: 0.1, return_mask: false };
      await eventsOf(
        engine,
        jobOf({
          parameters,
          inputs: [inputOf('image', 'image/png', image), inputOf('audio', 'audio/wav', audio)],
        }),
      );
      const [run] = scripted.runs;
      expect(run?.job).toMatchObject({ ...jobOf({ parameters }), inputs: expect.anything() });
      expect(run?.job.inputs).toMatchObject([
        { role: 'image', mediaType: 'image/png', bytes: image.length },
        { role: 'audio', mediaType: 'audio/wav', bytes: 1 },
      ]);
      expect(run?.inputs.get('image')?.equals(image)).toBe(true);
      expect(run?.inputs.get('audio')?.equals(audio)).toBe(true);
      expect(await run?.ended).toBe('finished');
    });

    it('passes every event on, in order', async () => {
      const script: EngineScript = [
        { type: 'emit', event: { type: 'accepted', effectiveParameters: { fps: 25, audio_mode: 'para' } } },
        generating(0.5, 'half way'),
        {
          type: 'emit',
          event: {
            type: 'progress',
            stage: 'encoding',
            fraction: 0.9,
            step: 3,
            steps: 4,
            chunk: 1,
            chunks: 2,
            message: '',
            remainingSeconds: 1.5,
          },
        },
        {
          type: 'emit',
          event: { type: 'preview', mediaType: 'image/jpeg', data: Uint8Array.of(255, 216, 0, 10) },
        },
        ...output('result', 'video/mp4', Uint8Array.of(0, 1, 2), Uint8Array.of(3)),
        ...output('mask', 'video/mp4', Uint8Array.of(4)),
        completed('no face was found'),
      ];
      const { engine } = await opened(script);
      const events = await eventsOf(engine, jobOf({ kind: 't2v' }));
      expect(events.map(plain)).toEqual(
        script.map((step) => (step.type === 'emit' ? plain(step.event) : undefined)),
      );
    });

    it.each(Object.keys(taskErrors) as TaskErrorCode[])(
      'fails with the engine’s own words: %s',
      async (code) => {
        const error = new TaskError(code, 'The engine says: 視頻.', {
          retryable: !taskErrors[code].retryable,
        });
        const { engine } = await opened([accepted, { type: 'fail', error }]);
        await expect(eventsOf(engine, jobOf())).rejects.toMatchObject({
          name: 'TaskError',
          code,
          message: 'The engine says: 視頻.',
          retryable: error.retryable,
        });
      },
    );

    it('fails before it accepted anything', async () => {
      const error = new TaskError('INVALID_INPUT', 'There is no parameter "fsp".');
      const { engine } = await opened([{ type: 'fail', error }]);
      await expect(eventsOf(engine, jobOf())).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    });

    it('gives what was made before it fails', async () => {
      const { engine } = await opened([
        accepted,
        generating(0.5),
        { type: 'fail', error: new TaskError('OUT_OF_MEMORY') },
      ]);
      const events: string[] = [];
      const run = async () => {
        for await (const event of engine.generate(jobOf(), new AbortController().signal)) {
          events.push(event.type);
        }
      };
      await expect(run()).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
      expect(events).toEqual(['accepted', 'progress']);
    });

    it('is cancelled by the signal, while it says nothing', async () => {
      const { engine, scripted } = await opened([accepted, { type: 'hang' }]);
      const abort = new AbortController();
      const events = engine.generate(jobOf(), abort.signal)[Symbol.asyncIterator]();
      expect((await events.next()).value).toMatchObject({ type: 'accepted' });
      const next = events.next();
      abort.abort();
      await expect(next).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(await scripted.runs[0]?.ended).toBe('cancelled');
      expect(await events.next()).toEqual({ done: true, value: undefined });
    });

    it('fails with the reason of the abort when that is a TaskError', async () => {
      const { engine, scripted } = await opened([accepted, { type: 'hang' }]);
      const abort = new AbortController();
      const run = async () => {
        for await (const event of engine.generate(jobOf(), abort.signal)) {
          expect(event.type).toBe('accepted');
          abort.abort(new TaskError('EXECUTION_TIMEOUT'));
        }
      };
      await expect(run()).rejects.toMatchObject({ code: 'EXECUTION_TIMEOUT' });
      expect(await scripted.runs[0]?.ended).toBe('cancelled');
    });

    it('is cancelled by breaking off the iteration', async () => {
      const { engine, scripted } = await opened([accepted, generating(0.1), { type: 'hang' }]);
      for await (const event of engine.generate(jobOf(), new AbortController().signal)) {
        if (event.type === 'progress') break;
      }
      expect(await scripted.runs[0]?.ended).toBe('cancelled');
    });

    it('is cancelled by leaving the iteration while it says nothing', async () => {
      const { engine, scripted } = await opened([accepted, { type: 'hang' }]);
      const events = engine.generate(jobOf(), new AbortController().signal)[Symbol.asyncIterator]();
      await events.next();
      const next = events.next();
      const left = events.return?.();
      await expect(next).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(await left).toEqual({ done: true, value: undefined });
      expect(await scripted.runs[0]?.ended).toBe('cancelled');
    });

    it('starts nothing when the signal has fired before', async () => {
      const { engine, scripted } = await opened(successScript());
      const events = engine.generate(jobOf(), AbortSignal.abort())[Symbol.asyncIterator]();
      await expect(events.next()).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(scripted.runs).toHaveLength(0);
    });

    it('is broken off by an input that cannot be read, with the error of the input', async () => {
      const { engine, scripted } = await opened([accepted, { type: 'read-inputs' }, { type: 'hang' }]);
      const failure = new TaskError('INPUT_UNREACHABLE', 'The file is gone.');
      const bytes = patternBytes(700_000);
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield bytes;
        throw failure;
      }
      const input: EngineInput = { ...inputOf('audio', 'audio/wav', bytes), bytes: 900_000, open: broken };
      await expect(eventsOf(engine, jobOf({ inputs: [input] }))).rejects.toBe(failure);
      expect(await scripted.runs[0]?.ended).not.toBe('finished');
    });

    it('keeps jobs apart that run at the same time', async () => {
      const one = Promise.withResolvers<void>();
      const script = (name: string, wait: Promise<void>): EngineScript => [
        accepted,
        { type: 'wait', until: wait },
        ...output('result', 'video/mp4', Buffer.from(name)),
        completed(name),
      ];
      const { engine, scripted } = await opened(
        script('first', one.promise),
        script('second', Promise.resolve()),
      );
      const started = scripted.nextRun();
      const first = eventsOf(engine, jobOf({ taskId: 'first' }));
      await started;
      const second = await eventsOf(engine, jobOf({ taskId: 'second' }));
      one.resolve();
      expect(second.at(-1)).toMatchObject({ type: 'completed', message: 'second' });
      expect((await first).at(-1)).toMatchObject({ type: 'completed', message: 'first' });
    });
  });
}

/** The event with its bytes as an array, so that Buffer and Uint8Array compare equal. */
function plain(event: EngineEvent): object {
  return 'data' in event ? { ...event, data: [...event.data] } : event;
}
