import type { FastifyRequest } from 'fastify';
import type { Vocabulary } from './lightx2v.inbound.js';

/** Clients of the real server move to this base path when they poll T2V or I2V tasks for "completed". */
const SERVER_WORDS_PATH = '/lightx2v/';

/** The vocabulary a request demands by its path or the header `x-status-vocabulary: server | guide`. */
export function vocabularyOf(request: Pick<FastifyRequest, 'url' | 'headers'>): Vocabulary | undefined {
  const header = request.headers['x-status-vocabulary'];
  if (header === 'server' || header === 'guide') return header;
  return request.url.startsWith(SERVER_WORDS_PATH) ? 'server' : undefined;
}

/** The task a download path means: "<id>.mp4", "outputs/videos/<id>.mp4", an absolute looking path. Only the last segment counts. */
export function downloadId(path: string): string {
  const name = path.split('/').at(-1) ?? '';
  return name.replace(/\.mp4$/i, '');
}
