import type { EngineDescription, EngineEvent, TaskError } from '@polyreel/core';

/** What a scripted engine does, step by step. */
export type ScriptStep =
  | { readonly type: 'emit'; readonly event: EngineEvent }
  /** Takes the bytes of every input. */
  | { readonly type: 'read-inputs' }
  /** Goes on when the promise resolves: the test holds the engine at this point. */
  | { readonly type: 'wait'; readonly until: Promise<unknown> }
  /** Ends the job with this error. */
  | { readonly type: 'fail'; readonly error: TaskError }
  /** Says nothing until the job is cancelled. */
  | { readonly type: 'hang' };

export type EngineScript = readonly ScriptStep[];

export const emit = (event: EngineEvent): ScriptStep => ({ type: 'emit', event });

/** Progress of the stage `generating` at `fraction`, everything else empty unless it is given. */
export const generating = (fraction: number, message = '', remainingSeconds?: number): ScriptStep =>
  emit({
    type: 'progress',
    stage: 'generating',
    fraction,
    step: 0,
    steps: 0,
    chunk: 0,
    chunks: 0,
    message,
    ...(remainingSeconds !== undefined && { remainingSeconds }),
  });

export const accepted: ScriptStep = emit({ type: 'accepted', effectiveParameters: {} });

export const completed = (message = ''): ScriptStep =>
  emit({ type: 'completed', message, engineSeconds: 0.1 });

/** A whole output of one role, cut into the given chunks. */
export const output = (
  role: 'result' | 'mask' | 'poster',
  mediaType: string,
  ...chunks: readonly Uint8Array[]
): readonly ScriptStep[] => [
  emit({ type: 'output-start', role, mediaType }),
  ...chunks.map((data) => emit({ type: 'output-chunk', data })),
];

/** A job that goes well: inputs read, two progress reports, one result of the given content. */
export const successScript = (result: Uint8Array = Buffer.from('a video')): EngineScript => [
  accepted,
  { type: 'read-inputs' },
  generating(0.25),
  generating(0.75),
  ...output('result', 'video/mp4', result),
  completed(),
];

/** Description of a ready engine that makes everything, with one slot. */
export const scriptedDescription: EngineDescription = {
  engine: 'scripted',
  version: '1.0.0',
  models: [
    {
      name: 'scripted',
      kinds: [
        {
          kind: 'talk',
          inputs: [
            { role: 'image', group: 'reference', required: true },
            { role: 'video', group: 'reference', required: true },
            { role: 'audio', group: '', required: true },
            { role: 'audio2', group: '', required: false },
          ],
          parameters: [
            {
              name: 'fps',
              type: 'number',
              minimum: 1,
              maximum: 60,
              defaultValue: 25,
              choices: [],
              description: 'Frames per second.',
            },
          ],
        },
        { kind: 'lipsync', inputs: [], parameters: [] },
        { kind: 't2v', inputs: [], parameters: [] },
        { kind: 'i2v', inputs: [], parameters: [] },
      ],
    },
  ],
  device: 'cpu',
  slots: 1,
  state: 'ready',
  message: '',
};
