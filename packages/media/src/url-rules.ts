import { TaskError } from '@polyreel/core';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.js';

/** Presigned links with session tokens reach a few thousand characters. */
const longestUrl = 8_192;
const localNames = /(^|\.)(localhost|localdomain|local|internal|home\.arpa)$/;

export const privateNetwork = (): TaskError =>
  new TaskError(
    'INPUT_UNREACHABLE',
    'The URL leads into a private network, which is not allowed unless the server names its host in FETCH_ALLOW_HOSTS.',
  );

const invalid = (text: string): TaskError => new TaskError('INVALID_INPUT', text);

/** What a URL may say; which addresses its name has is looked at when connecting. */
export class UrlRules {
  private readonly allowed: ReadonlySet<string>;

  /** @param allowHosts `host` or `host:port` that may be private */
  constructor(allowHosts: readonly string[]) {
    this.allowed = new Set(allowHosts.map((host) => host.toLowerCase()));
  }

  /** The host was put on the list of exceptions by whoever runs this server. */
  allows(url: URL): boolean {
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    return this.allowed.has(url.hostname) || this.allowed.has(`${url.hostname}:${port}`);
  }

  /** @throws TaskError INVALID_INPUT (not a URL we fetch), INPUT_UNREACHABLE (private by its text alone) */
  check(text: string, base?: URL): URL {
    if (text.length > longestUrl) throw invalid(`The URL is longer than ${longestUrl} characters.`);
    const url = URL.parse(text, base?.href);
    if (url === null) throw invalid('The URL cannot be understood.');
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw invalid('Only URLs that begin with http:// or https:// are fetched.');
    }
    if (url.username !== '' || url.password !== '') {
      throw invalid('The URL must not hold a user name or password.');
    }
    if (url.port === '0') throw invalid('The URL has no usable port.');
    if (this.allows(url)) return url;
    // The parser has already turned 0x7f.1, 017700000001 and the like into plain addresses.
    const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    if (isIP(host) !== 0 ? !isPublicAddress(host) : localNames.test(host)) throw privateNetwork();
    return url;
  }
}
