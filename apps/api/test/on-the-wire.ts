/** A value as the other side reads it: undefined fields are absent. */
export function onTheWire(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}
