import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardedWebhookTransport, type GuardedWebhookTransportOptions } from '../src/index.js';
import { FileServer } from './file-server.js';
import { rawServer } from './raw-server.js';

let server: FileServer;
let transport: GuardedWebhookTransport;
const going = new AbortController().signal;

beforeEach(async () => {
  server = await FileServer.start();
  transport = transportWith({});
});
afterEach(async () => {
  await server.stop();
  await transport.close();
});

function transportWith(options: Partial<GuardedWebhookTransportOptions>): GuardedWebhookTransport {
  return new GuardedWebhookTransport({ allowHosts: [server.host], ...options });
}

const post = (url: string, signal = going) =>
  transport.post(url, { 'content-type': 'application/json' }, '{"a":"ü"}', signal);

/** Refused as unreachable, in words that give away neither address nor answer. */
async function expectUnreachable(posting: Promise<unknown>, message: RegExp): Promise<void> {
  const error: unknown = await posting.then(
    () => 'posted',
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    name: 'TaskError',
    code: 'INPUT_UNREACHABLE',
    message: expect.stringMatching(message) as string,
  });
  expect(String(error)).not.toMatch(/127\.0\.0\.1|localhost|secret/);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('what arrives', () => {
  it('is the text with its headers and exact length', async () => {
    let request: IncomingMessage | undefined;
    let text = '';
    const url = server.on('/hook?token=1', (incoming, response) => {
      request = incoming;
      void textOf(incoming).then((body) => {
        text = body;
        response.writeHead(202).end();
      });
    });
    expect(await post(url)).toEqual({ status: 202 });
    expect(text).toBe('{"a":"ü"}');
    expect(request!.method).toBe('POST');
    expect(request!.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '10',
      'user-agent': 'Polyreel',
    });
    expect(request!.headers).not.toHaveProperty('transfer-encoding');
  });

  it('is made while it is sent when it is large', async () => {
    const pieces = Array.from({ length: 40 }, (_, index) => Buffer.alloc(100_000, 97 + (index % 26)));
    let received = '';
    const url = server.on('/large', (request, response) => {
      void textOf(request).then((body) => {
        received = body;
        response.end();
      });
    });
    const body = {
      bytes: 4_000_000,
      async *open() {
        yield* pieces;
      },
    };
    expect(await transport.post(url, {}, body, going)).toEqual({ status: 200 });
    expect(received).toBe(Buffer.concat(pieces).toString());
  });

  it('ends the message when its content cannot be made', async () => {
    const url = server.on('/broken', (request) => request.on('error', () => undefined));
    const body = {
      bytes: 1000,
      open: () => failing(),
    };
    await expectUnreachable(transport.post(url, {}, body, going), /./);
  });
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(10);
  throw new Error('secret storage away');
}

describe('answers', () => {
  it.each([200, 204, 400, 404, 410, 429, 500, 503])('%i is handed on', async (status) => {
    const url = server.on('/hook', (_request, response) => response.writeHead(status).end());
    expect(await post(url)).toEqual({ status });
  });

  it.each([301, 302, 303, 307, 308])('%i is not followed', async (status) => {
    const url = server.redirect('/hook', '/elsewhere', status);
    expect(await post(url)).toEqual({ status });
    expect(server.requests).toEqual(['/hook']);
  });

  it.each([
    ['120', 120],
    ['0', 0],
    [new Date(0).toUTCString(), 0],
    ['soon', undefined],
    ['-5', undefined],
  ])('Retry-After %s', async (header, seconds) => {
    const url = server.on('/hook', (_request, response) =>
      response.writeHead(503, { 'retry-after': header }).end(),
    );
    expect(await post(url)).toEqual({
      status: 503,
      ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    });
  });

  it('Retry-After a date to come', async () => {
    const url = server.on('/hook', (_request, response) =>
      response.writeHead(503, { 'retry-after': new Date(Date.now() + 600_000).toUTCString() }).end(),
    );
    const { retryAfterSeconds } = await post(url);
    expect(Math.abs(retryAfterSeconds! - 600)).toBeLessThan(60);
  });

  it('of endless length are not read on', async () => {
    const { url, closed } = server.endless('/endless');
    expect(await post(url)).toEqual({ status: 200 });
    await closed;
  });

  it('that announce too much, or break off, count by their status', async () => {
    const announced = server.on('/announced', (_request, response) => {
      response.writeHead(200, { 'content-length': 9_000_000 }).write('x');
    });
    expect(await post(announced)).toEqual({ status: 200 });
    const broken = server.on('/broken', (_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('x', () => response.destroy());
    });
    expect(await post(broken)).toEqual({ status: 200 });
  });
});

describe('what is refused', () => {
  it.each([
    ['ftp://example.com/', /http/],
    ['https://user:secret@example.com/', /user name/],
    ['nonsense', /understood/],
  ])('%s, as no URL', async (url, message) => {
    await expect(post(url)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(message) as string,
    });
  });

  it('a private address, by its text', async () => {
    transport = transportWith({ allowHosts: [] });
    await expectUnreachable(post(server.on('/hook', () => undefined)), /private network/);
    await expectUnreachable(post('http://169.254.169.254/latest/'), /private network/);
    expect(server.requests).toEqual([]);
  });

  it('a name that resolves to one, also beside a public address', async () => {
    for (const addresses of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1']]) {
      transport = transportWith({
        allowHosts: [],
        resolve: async () => addresses.map((address) => ({ address, family: 4 })),
      });
      await expectUnreachable(post(`http://rebound.example.com:${server.port}/hook`), /private network/);
    }
    expect(server.requests).toEqual([]);
  });
});

describe('receivers that misbehave', () => {
  it('never answer', async () => {
    transport = transportWith({ timeoutSeconds: 0.3 });
    const url = server.on('/hang', () => undefined);
    await expectUnreachable(post(url), /did not answer in time/);
  });

  it('answer byte by byte: the status counts, the rest is not waited for', async () => {
    const url = server.on('/drip', (_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 20);
      response.once('close', () => clearInterval(drip));
    });
    expect(await post(url)).toEqual({ status: 200 });
  });

  it('are not there', async () => {
    const gone = await FileServer.start();
    const { host } = gone;
    await gone.stop();
    transport = transportWith({ allowHosts: [host] });
    await expectUnreachable(post(`http://${host}/`), /refused the connection/);
  });

  it.each([
    ['talk something else', 'SSH-2.0-OpenSSH_9.2p1 secret\r\n', /cannot be understood/],
    ['close at once', '', /broke off/],
  ])('%s', async (_name, answer, message) => {
    transport = transportWith({ allowHosts: ['127.0.0.1'] });
    await expectUnreachable(post(`${await rawServer(answer)}/hook`), message);
  });
});

it('ends with the signal, by its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped');
  const url = server.on('/slow', () => controller.abort(reason));
  await expect(post(url, controller.signal)).rejects.toBe(reason);
  await expect(post(url, controller.signal)).rejects.toBe(reason);
});
