/** Every dialect whose tasks may have webhooks. */
export const DIALECTS = Symbol('Dialects');
