import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { jsonBody, type JsonInsert } from './json-body.js';

/** Answers with JSON that holds files, written while they are read. */
export async function replyWithJson(
  reply: FastifyReply,
  value: object,
  inserts: readonly JsonInsert[],
): Promise<void> {
  const body = jsonBody(value, inserts);
  void reply.type('application/json; charset=utf-8').header('content-length', body.bytes);
  await reply.send(Readable.from(body.open(), { objectMode: false }));
}
