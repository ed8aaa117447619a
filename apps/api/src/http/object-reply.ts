import type { ObjectStore } from '@polyreel/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { ApiError } from './api-error.js';
import { parseRange } from './byte-range-header.js';

export interface ObjectReplyOptions {
  readonly mediaType: string;
  readonly fileName: string;
  readonly disposition: 'inline' | 'attachment';
}

/**
 * Streams an object to the client with Content-Length, ETag, Last-Modified, Range (206, 416), If-None-Match (304) and HEAD.
 * @throws ApiError range-not-satisfiable, result-not-ready when the object is gone
 */
export async function replyWithObject(
  request: FastifyRequest,
  reply: FastifyReply,
  objects: ObjectStore,
  key: string,
  options: ObjectReplyOptions,
): Promise<void> {
  const facts = await objects.head(key);
  if (!facts) throw new ApiError('result-not-ready', 'The file of this task no longer exists.');
  const ifRange = request.headers['if-range'];
  const range = ifRange && ifRange !== facts.etag ? 'all' : parseRange(request.headers.range, facts.bytes);
  if (range === 'none') {
    void reply.header('content-range', `bytes */${facts.bytes}`);
    throw new ApiError('range-not-satisfiable', `The file has ${facts.bytes} bytes.`, { limit: facts.bytes });
  }
  void reply.headers({
    'accept-ranges': 'bytes',
    'content-type': options.mediaType,
    'content-disposition': `${options.disposition}; filename="${options.fileName}"`,
    etag: facts.etag,
    'last-modified': facts.modifiedAt.toUTCString(),
    'cache-control': 'private, no-cache',
    'x-content-type-options': 'nosniff',
  });
  if (request.headers['if-none-match'] === facts.etag) return void (await reply.status(304).send());
  const part = range === 'all' ? { start: 0, end: facts.bytes - 1 } : range;
  void reply.header('content-length', String(part.end - part.start + 1));
  if (range !== 'all')
    void reply.status(206).header('content-range', `bytes ${part.start}-${part.end}/${facts.bytes}`);
  // An empty stream, not nothing: nothing would set Content-Length to 0.
  if (request.method === 'HEAD') return void (await reply.send(Readable.from([])));
  const { content } = await objects.read(key, range === 'all' ? undefined : range);
  await reply.send(Readable.from(content, { objectMode: false }));
}
