import type { MultipartFile } from '@fastify/multipart';
import type { InputRole, MediaExpectation, MediaIntake, ReceivedMedia } from '@polyreel/core';
import type { FastifyRequest } from 'fastify';
import { ApiError } from './api-error.js';

/** What a file field of a form means. */
export interface FileFieldPlan {
  readonly role: InputRole;
  readonly expected: MediaExpectation;
}

/** A form as received: text fields by name (a name given several times: the last wins, all are in `lists`). */
export interface ReceivedForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  /** In the order of the form. */
  readonly files: readonly { readonly field: string; readonly media: ReceivedMedia }[];
  /** Removes the temporary files; call it when the form is refused. */
  discard(): Promise<void>;
}

/** Longest text field of a form, in bytes: room for base64 media of a modest size. */
const MAX_FIELD_BYTES = 32 * 1024 * 1024;
const MAX_PARTS = 100;

/**
 * Reads a multipart form; files stream through the intake while they arrive, so none is ever whole in memory.
 * Files under names that are not planned are read to their end and dropped.
 * @param plan what a file field means; undefined: not a field of this form
 * @throws ApiError unreadable-body, body-too-large; TaskError of the intake. Nothing is left behind then.
 */
export async function readMultipartForm(
  request: FastifyRequest,
  intake: MediaIntake,
  plan: (field: string) => FileFieldPlan | undefined,
): Promise<ReceivedForm> {
  if (!request.isMultipart())
    throw new ApiError('unsupported-content-type', 'Send the request as multipart/form-data.');
  const fields: Record<string, string> = Object.create(null) as Record<string, string>;
  const lists: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  const files: { field: string; media: ReceivedMedia }[] = [];
  const discard = async () => {
    await Promise.all(files.map(({ media }) => media.discard()));
  };
  try {
    const limits = { fieldSize: MAX_FIELD_BYTES, parts: MAX_PARTS, fileSize: Infinity };
    for await (const part of request.parts({ limits, isPartAFile })) {
      if (part.type === 'field') {
        if (part.valueTruncated)
          throw new ApiError('body-too-large', `Form field '${part.fieldname}' is too long.`);
        const text = typeof part.value === 'string' ? part.value : String(part.value);
        // Form clients send untouched fields as empty text: the same as not at all.
        if (text === '') continue;
        fields[part.fieldname] = text;
        (lists[part.fieldname] ??= []).push(text);
      } else await receiveFile(part);
    }
    return { fields, lists, files, discard };
  } catch (error) {
    await discard();
    readToEnd(request);
    throw malformed(error);
  }

  async function receiveFile(part: MultipartFile): Promise<void> {
    const planned = plan(part.fieldname);
    if (!planned) {
      part.file.resume();
      return;
    }
    const media = await intake.receive(planned.role, planned.expected, {
      type: 'stream',
      content: part.file,
      ...(part.filename && { fileName: part.filename }),
    });
    files.push({ field: part.fieldname, media });
  }
}

/**
 * The rest of a body somebody stopped reading would stand before the next request of the same connection, which then
 * hangs. Node reads on by itself only where nobody had begun.
 */
function readToEnd({ raw }: FastifyRequest): void {
  raw.unpipe();
  raw.resume();
}

/** Some clients send media without a file name; by its type it is a file all the same. */
function isPartAFile(
  _field: string | undefined,
  mediaType: string | undefined,
  fileName: string | undefined,
) {
  return fileName !== undefined || /^(image|video|audio)\/|^application\/octet-stream/i.test(mediaType ?? '');
}

/** The parser's own complaints are about the client's body, whatever class they have. */
function malformed(error: unknown): unknown {
  const text = error instanceof Error ? error.message : '';
  if (
    /multipart|unexpected end|boundary|part terminated|malformed/i.test(text) &&
    !(error instanceof ApiError)
  )
    return new ApiError('unreadable-body', 'The multipart body is malformed or ends too early.', {
      cause: error,
    });
  return error;
}
