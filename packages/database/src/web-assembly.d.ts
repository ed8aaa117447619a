/** The little this package needs of a global that only TypeScript's browser library describes. */
declare namespace WebAssembly {
  type Exports = Readonly<Record<string, unknown>>;
  function instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, object>>,
  ): Promise<{ readonly instance: { readonly exports: Exports } }>;
}
