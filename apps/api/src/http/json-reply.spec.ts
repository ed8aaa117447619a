import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { JsonInsert } from './json-body.js';
import { replyWithJson } from './json-reply.js';

/** An insert whose content arrives in pieces of these sizes. */
function insertOf(token: string, sizes: readonly number[]): JsonInsert & { readonly content: Buffer } {
  const pieces = sizes.map((size, index) => Buffer.alloc(size, 100 + index));
  const content = Buffer.concat(pieces);
  return {
    token,
    content,
    bytes: content.length,
    async *open() {
      yield* pieces;
    },
  };
}

async function replyOf(body: object, inserts: readonly JsonInsert[]) {
  const app = fastify();
  app.get('/', (_request, reply) => replyWithJson(reply, body, inserts));
  return app.inject('/');
}

describe('replyWithJson', () => {
  it.each([[[]], [[1]], [[2]], [[3]], [[1, 1, 1, 1]], [[4, 5, 1000, 2]]])(
    'writes pieces of %j bytes as one base64 text, wherever its token stands',
    async (sizes) => {
      const insert = insertOf('content-1', sizes);
      const body = { plain: 'ü "quoted"', bare: 'content-1', uri: 'data:video/mp4;base64,content-1' };
      const reply = await replyOf(body, [insert]);
      const text = insert.content.toString('base64');
      expect(reply.json()).toEqual({ ...body, bare: text, uri: `data:video/mp4;base64,${text}` });
      expect(Number(reply.headers['content-length'])).toBe(reply.rawPayload.length);
      expect(reply.headers['content-type']).toMatch(/^application\/json/);
    },
  );

  it('keeps several inserts apart and answers plain JSON without any', async () => {
    const reply = await replyOf({ a: 'content-1', b: 'content-2' }, [
      insertOf('content-1', [4]),
      insertOf('content-2', [1, 1]),
    ]);
    expect(reply.json()).toEqual({ a: 'ZGRkZA==', b: 'ZGU=' });
    expect((await replyOf({ a: undefined, b: 1 }, [])).body).toBe('{"b":1}');
  });
});
