import { TaskError } from '@polyreel/core';

/** Codes of Node, its TLS and undici, in words that name no address and quote no answer. */
const texts: Record<string, string> = {
  ENOTFOUND: 'The host name of the URL does not exist.',
  EAI_AGAIN: 'The host name of the URL could not be resolved.',
  ECONNREFUSED: 'The server refused the connection.',
  ECONNRESET: 'The server broke off the connection.',
  UND_ERR_SOCKET: 'The server broke off the connection.',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'The server sent less than it announced.',
  UND_ERR_CONNECT_TIMEOUT: 'The server did not answer in time.',
  UND_ERR_HEADERS_TIMEOUT: 'The server did not answer in time.',
  UND_ERR_BODY_TIMEOUT: 'The server stopped sending.',
  UND_ERR_HEADERS_OVERFLOW: 'The server sends more headers than are read.',
  ETIMEDOUT: 'The server did not answer in time.',
  EHOSTUNREACH: 'The server cannot be reached.',
  ENETUNREACH: 'The server cannot be reached.',
};

/** Anything that went wrong on the way to a foreign server, as INPUT_UNREACHABLE; a TaskError inside it stays. */
export function unreachable(thrown: unknown): TaskError {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    if (error instanceof TaskError) return error;
    const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
    const code = codeOf(error) ?? codeOf(inner);
    // undici's parser error often has no code.
    if (error.name === 'HTTPParserError')
      return new TaskError('INPUT_UNREACHABLE', 'The answer of the server cannot be understood.', {
        cause: thrown,
      });
    if (code === undefined) continue;
    const text = texts[code];
    if (text !== undefined) return new TaskError('INPUT_UNREACHABLE', text, { cause: thrown });
    if (/CERT|TLS|SSL|SIGNATURE/.test(code)) {
      return new TaskError('INPUT_UNREACHABLE', 'The certificate of the server is not trusted.', {
        cause: thrown,
      });
    }
  }
  return new TaskError('INPUT_UNREACHABLE', undefined, { cause: thrown });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
