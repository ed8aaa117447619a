import { aTask, MemoryObjectStore } from '@polyreel/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { copyExtras } from '../model/copy-place.js';
import { TaskError } from '../model/task-error.js';
import type { Task } from '../model/task.js';
import type { ForeignBuckets } from '../ports/foreign-buckets.js';
import { ResultCopier, secretsOwner } from './result-copier.js';
import { SecretBox } from './secret-box.js';

const place = { endpoint: 'https://s3.example/', bucket: 'mine', key: 'videos/sch\u00f6n 1.mp4' };
const credentials = { accessKeyId: 'AKIA', secretAccessKey: 'hunter2' };
const secrets = new SecretBox([Buffer.alloc(32, 7)]);
const result = {
  role: 'result',
  objectKey: 'results/1/1/video.mp4',
  mediaType: 'video/mp4',
  bytes: 7,
} as const;
const going = new AbortController().signal;

let objects: MemoryObjectStore;
let asked: { readonly text: string; readonly call: Parameters<ForeignBuckets['put']> }[];
beforeEach(() => {
  objects = new MemoryObjectStore();
  objects.put(result.objectKey, Buffer.from('a video'), 'video/mp4');
  asked = [];
});

/** A task that wishes a copy, sealed for itself. */
function aWish(over: Partial<Task> = {}): Task {
  const task = aTask({ extras: copyExtras(place) });
  const owner = secretsOwner(task.tenant, task.publicId);
  return { ...task, sealedSecrets: secrets.seal(JSON.stringify(credentials), owner), ...over };
}

/** A copier whose bucket answers so, one after the other. */
function copierOf(...answers: readonly (number | Error)[]): ResultCopier {
  const left = [...answers];
  const buckets: ForeignBuckets = {
    async put(...call) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of call[2].open()) chunks.push(chunk);
      asked.push({ text: Buffer.concat(chunks).toString(), call });
      const answer = left.shift() ?? 200;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return new ResultCopier({ objects, buckets, secrets }, 1);
}

describe('copies of results', () => {
  it('are put where the client wished, with what it gave', async () => {
    expect(await copierOf(200).copy(aWish(), result, going)).toEqual({
      copy: {
        role: 'copy',
        sourceUrl: 'https://s3.example/mine/videos/sch%C3%B6n%201.mp4',
        mediaType: 'video/mp4',
        bytes: 7,
      },
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]!.text).toBe('a video');
    expect(asked[0]!.call.slice(0, 2)).toEqual([place, credentials]);
    expect(asked[0]!.call[2]).toMatchObject({ mediaType: 'video/mp4', bytes: 7 });
  });

  it('are made for those who wish one', async () => {
    expect(await copierOf().copy(aTask(), result, going)).toEqual({});
    expect(asked).toEqual([]);
  });

  it.each([
    ['overload', [503, 429, 200]],
    ['silence', [new TaskError('INPUT_UNREACHABLE', 'The server did not answer in time.'), 201]],
  ])('are tried again after %s, from the beginning', async (_name, answers) => {
    expect(await copierOf(...answers).copy(aWish(), result, going)).toHaveProperty('copy');
    expect(asked.map(({ text }) => text)).toEqual(answers.map(() => 'a video'));
  });

  it.each([
    ['a refusal', [403], 1, 'it answered 403'],
    ['a redirect', [307], 1, 'it answered 307'],
    ['overload', [503, 503, 503], 3, 'it answered 503'],
    [
      'a private address',
      [new TaskError('INVALID_INPUT', 'The URL cannot be understood.')],
      1,
      'the URL cannot be understood',
    ],
    [
      'anything else',
      [new Error('at 10.0.0.1'), new Error('x'), new Error('x')],
      3,
      'it could not be reached',
    ],
  ])('that fail by %s are told of in a sentence', async (_name, answers, tries, reason) => {
    const outcome = await copierOf(...answers).copy(aWish(), result, going);
    expect(outcome).toEqual({ note: `The result was not copied into the bucket of s3Config: ${reason}.` });
    expect(asked).toHaveLength(tries);
  });

  it.each([
    ['gone', {}],
    ['of another task', { publicId: 'another' }],
  ])('are not made with credentials that are %s', async (name, over) => {
    const wish = aWish(over);
    const { sealedSecrets: _gone, ...without } = wish;
    const outcome = await copierOf().copy(name === 'gone' ? without : wish, result, going);
    expect(outcome.note).toContain('no longer has the credentials');
    expect(asked).toEqual([]);
  });

  it('end with the signal, also between two tries', async () => {
    const stop = new AbortController();
    const copier = new ResultCopier(
      { objects, secrets, buckets: { put: async () => (stop.abort(new Error('stopped')), 503) } },
      60_000,
    );
    await expect(copier.copy(aWish(), result, stop.signal)).rejects.toThrow('stopped');
  });
});
