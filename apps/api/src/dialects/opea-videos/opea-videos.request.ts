import type { MediaIntake } from '@polyreel/core';
import type { FastifyRequest } from 'fastify';
import { preferredLanguage, type Language } from '../../http/language.js';
import { readMultipartForm, type FileFieldPlan, type ReceivedForm } from '../../http/multipart-form.js';

/** `opea`: the document's words, the default. `openai`: what OpenAI's SDKs understand. Chosen per request, never per job. */
export type Words = 'opea' | 'openai';

type Headers = FastifyRequest['headers'];

const OPENAI_PATH = '/openai/';

/** OpenAI's SDKs send `x-stainless-lang` with every call; other clients choose by the path. */
export function wordsOf(path: string, headers: Headers): Words {
  return headers['x-stainless-lang'] !== undefined || path.startsWith(OPENAI_PATH) ? 'openai' : 'opea';
}

/** Chinese, the language of the document, when the client likes it best; English, that of the original's code, otherwise. */
export function languageOf(headers: Headers): Language {
  return preferredLanguage(headers['accept-language'], 'en');
}

/** File fields of the form. Files under other names are dropped; so are those under `audio` when `audio[]` is given. */
const formFiles: Partial<Record<string, FileFieldPlan>> = {
  input_reference: { role: 'image', expected: 'reference' },
  audio: { role: 'audio', expected: 'audio' },
  'audio[]': { role: 'audio', expected: 'audio' },
};

/** A create request, whether it came as a form or as JSON. */
interface ReceivedVideoRequest {
  /** Fields by name, not yet checked. */
  readonly fields: unknown;
  readonly files: ReceivedForm['files'];
  discard(): Promise<void>;
}

export async function receiveVideoRequest(
  request: FastifyRequest,
  intake: MediaIntake,
): Promise<ReceivedVideoRequest> {
  // No body at all lacks the same fields as an empty object.
  if (!request.isMultipart())
    return { fields: request.body ?? {}, files: [], discard: () => Promise.resolve() };
  const form = await readMultipartForm(request, intake, (field) => formFiles[field]);
  return { fields: fieldsOfForm(form), files: form.files, discard: () => form.discard() };
}

/** Only the audio fields of a form may repeat. */
export function fieldsOfForm(form: Pick<ReceivedForm, 'fields' | 'lists'>): Record<string, unknown> {
  const lists = Object.entries(form.lists).filter(([name]) => name === 'audio' || name === 'audio[]');
  return { ...form.fields, ...Object.fromEntries(lists) };
}
