/** Content that stands in a JSON text as base64. */
export interface JsonInsert {
  /** Text whose every occurrence is replaced; must be unguessable and need no escaping in JSON. */
  readonly token: string;
  /** Length of the content, before base64. */
  readonly bytes: number;
  /** Opens the content from its beginning; called once per occurrence. */
  open(): AsyncIterable<Uint8Array>;
}

/** A JSON text that is made while it is read. */
export interface JsonBody {
  /** Exact length. */
  readonly bytes: number;
  open(): AsyncIterable<Uint8Array>;
}

/** JSON into which files are written piece by piece while it is read, so that a video in it costs no memory. */
export function jsonBody(value: object, inserts: readonly JsonInsert[]): JsonBody {
  const insertOf = new Map(inserts.map((insert) => [insert.token, insert]));
  const parts = inserts.reduce(
    (texts, { token }) => texts.flatMap((text) => splitKeeping(text, token)),
    [JSON.stringify(value)],
  );
  const lengths = parts.map((part) => base64Length(insertOf.get(part)?.bytes) ?? Buffer.byteLength(part));
  return {
    bytes: lengths.reduce((sum, length) => sum + length, 0),
    open: () => piecesOf(parts, insertOf),
  };
}

async function* piecesOf(
  parts: readonly string[],
  insertOf: ReadonlyMap<string, JsonInsert>,
): AsyncGenerator<Buffer> {
  for (const part of parts) {
    const insert = insertOf.get(part);
    if (insert) yield* base64(insert.open());
    else yield Buffer.from(part);
  }
}

/** Base64 of a stream; pieces are cut at multiples of three bytes, so that padding stands at the end only. */
async function* base64(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of content) {
    const bytes = Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    rest = bytes.subarray(whole);
    if (whole > 0) yield Buffer.from(bytes.toString('base64', 0, whole));
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'));
}

function splitKeeping(text: string, token: string): string[] {
  return text.split(token).flatMap((piece, index) => (index === 0 ? [piece] : [token, piece]));
}

function base64Length(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.ceil(bytes / 3) * 4;
}
