/**
 * Text as Postgres can hold it: it knows no NUL and no half of a surrogate
 * pair. Both become the replacement character, in what is written and in what
 * is looked for alike, so that a hostile name is merely unknown.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** JSON for statements that take fields out of it as text. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? storableText(inner) : inner,
  );
}
