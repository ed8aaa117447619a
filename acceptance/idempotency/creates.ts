import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect } from 'vitest';

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One documented way to create a task. */
export interface Create {
  readonly name: string;
  /** Sends a create that differs from another one by its prompt (or its like) only. */
  send(variant: string, key?: string): Promise<Reply>;
  idOf(body: Reply['body']): unknown;
  /** Body of a refusal in the dialect's own shape. */
  readonly refusal: Readonly<Record<string, unknown>>;
}

export interface Surroundings {
  readonly baseUrl: () => string;
  readonly mediaServer: string;
  readonly samples: string;
}

/** Nobody makes these videos. */
const small = { width: 64, height: 64 };

/** Every way to create a task, of all dialects. */
export function creates(surroundings: Surroundings): readonly Create[] {
  const { mediaServer, samples } = surroundings;
  const post = async (path: string, body: object, key?: string, headers: Record<string, string> = {}) => {
    const isForm = body instanceof FormData;
    const response = await fetch(`${surroundings.baseUrl()}${path}`, {
      method: 'POST',
      headers: {
        ...(!isForm && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...headers,
      },
      body: isForm ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Reply['body'] };
  };
  /** A form anew for every request, as a client that tries again makes it: with another boundary. */
  const form = async (fields: Record<string, string>, files: Record<string, string>) => {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    for (const [name, file] of Object.entries(files))
      data.set(name, new Blob([await readFile(file)]), basename(file));
    return data;
  };
  const portrait = `${samples}/portrait.jpg`;
  const speech = `${samples}/speech.wav`;
  const listed = { detail: [{ loc: ['header', 'Idempotency-Key'] }] };
  return [
    {
      name: 'LightX2V JSON',
      send: (prompt, key) => post('/v1/tasks/video', { prompt, video_duration: 1, ...small }, key),
      idOf: (body) => body.task_id,
      refusal: listed,
    },
    {
      name: 'LightX2V form',
      send: async (prompt, key) => {
        const fields = { prompt, video_duration: '1' };
        const body = await form(fields, { image_file: portrait, audio_file: speech });
        return post('/v1/tasks/video/form', body, key);
      },
      idOf: (body) => body.task_id,
      refusal: listed,
    },
    {
      name: 'RunPod run',
      send: (prompt, key) => post('/v2/t2v/run', { input: { prompt, duration: 1, ...small } }, key),
      idOf: (body) => body.id,
      refusal: { error: expect.any(String) as unknown },
    },
    {
      name: 'RunPod runsync',
      send: (prompt, key) =>
        post('/v2/t2v/runsync?wait=1000', { input: { prompt, duration: 1, ...small } }, key),
      idOf: (body) => body.id,
      refusal: { error: expect.any(String) as unknown },
    },
    {
      name: '/v1/videos form',
      send: async (prompt, key) => {
        const files = { input_reference: portrait, audio: speech };
        return post('/v1/videos', await form({ prompt, size: '64x64' }, files), key);
      },
      idOf: (body) => body.id,
      refusal: { error: { code: '422' } },
    },
    {
      name: "/v1/videos JSON in OpenAI's words",
      send: (prompt, key) =>
        post('/v1/videos', { prompt, seconds: '1', size: '64x64' }, key, { 'x-stainless-lang': 'js' }),
      idOf: (body) => body.id,
      refusal: { error: { code: '422', type: 'invalid_request_error' } },
    },
    {
      name: 'LatentSync',
      send: (variant, key) => {
        const body = {
          video_url: `${mediaServer}/portrait.mp4`,
          audio_url: `${mediaServer}/speech.wav?${variant}`,
        };
        return post('/sync', body, key);
      },
      idOf: (body) => body.task_id,
      refusal: listed,
    },
  ];
}
