import type { FastifyRequest } from 'fastify';
import type { Vocabulary } from './lightx2v.inbound.js';

type AskedBy = Pick<FastifyRequest, 'url' | 'headers'> & Partial<Pick<FastifyRequest, 'keySettings'>>;

/** Clients of the real server move to this base path when they poll T2V or I2V tasks for "completed". */
const SERVER_WORDS_PATH = '/lightx2v/';

/** The route of the real server's first generation. The guide does not have it: who uses it knows the real server. */
const LEGACY_CREATE = /^\/v1\/tasks\/?(\?|$)/;

/** The words a request demands by the header `x-status-vocabulary: server | guide`, or by its base path. */
export function vocabularyOf(request: AskedBy): Vocabulary | undefined {
  const header = request.headers['x-status-vocabulary'];
  if (isVocabulary(header)) return header;
  return request.url.startsWith(SERVER_WORDS_PATH) ? 'server' : undefined;
}

/** The words a new task will speak, as far as the request or its API key decides them. */
export function vocabularyForCreate(request: AskedBy): Vocabulary | undefined {
  const demanded = vocabularyOf(request);
  if (demanded || LEGACY_CREATE.test(request.url)) return demanded ?? 'server';
  const ofKey = request.keySettings?.status_vocabulary;
  return isVocabulary(ofKey) ? ofKey : undefined;
}

function isVocabulary(word: unknown): word is Vocabulary {
  return word === 'server' || word === 'guide';
}

/** Fields of a form that are lists elsewhere come as JSON text. Broken text stays text and is refused as no list. */
export function structuredFields(fields: Readonly<Record<string, string>>): Record<string, unknown> {
  const text = fields.talk_objects;
  if (text === undefined || !/^\s*\[/.test(text)) return { ...fields };
  try {
    return { ...fields, talk_objects: JSON.parse(text) as unknown };
  } catch {
    return { ...fields };
  }
}

/** What a download path may mean; only looked up in the database, never on a disk. */
export interface DownloadPath {
  /** Paths a client may have wished for the result: as it stands, absolute, with and without the ending. */
  readonly wished: readonly string[];
  /** Id in "<id>", "<id>.mp4", "outputs/videos/<id>.mp4" or an absolute looking path: the last segment. */
  readonly id: string;
}

export function downloadPath(path: string): DownloadPath {
  const names = [...new Set([path, path.replace(/\.mp4$/i, '')])].filter((name) => name !== '');
  return {
    wished: names.flatMap((name) => [name, `/${name}`, `./${name}`]),
    id: (path.split('/').at(-1) ?? '').replace(/\.mp4$/i, ''),
  };
}

/** `Link` of the next page of a list. */
export function nextPageLink(url: string, limit: number, last: string | undefined): string | undefined {
  if (last === undefined) return undefined;
  return `<${url.split('?', 1)[0]}?limit=${limit}&after=${encodeURIComponent(last)}>; rel="next"`;
}
