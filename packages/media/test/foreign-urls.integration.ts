import type { ReceivedMedia } from '@polyreel/core';
import { samplePng } from '@polyreel/testkit';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GuardedMediaIntakeOptions } from '../src/index.js';
import { FileServer } from './file-server.js';
import { intakeIn } from './intake.js';
import { rawServer } from './raw-server.js';
import { SampleFiles } from './sample-files.js';

const png = samplePng();
let files: SampleFiles;
let server: FileServer;
let privateServer: FileServer;

beforeEach(async () => {
  [files, server, privateServer] = await Promise.all([
    SampleFiles.open(),
    FileServer.start(),
    FileServer.start(),
  ]);
});
afterEach(async () => {
  expect(await intakeIn(files.folder).spooled()).toEqual([]);
  await Promise.all([files.remove(), server.stop(), privateServer.stop()]);
});

async function fetched(
  url: string,
  options: Partial<GuardedMediaIntakeOptions> = {},
  signal?: AbortSignal,
): Promise<ReceivedMedia> {
  const { intake } = intakeIn(files.folder, { allowHosts: [server.host], ...options });
  const media = await intake.receive('image', 'image', { type: 'url', url }, signal);
  await media.discard();
  return media;
}

const quick = { bytes: 8_000_000, seconds: 60, pixels: 4_000_000, fetchTimeoutSeconds: 0.4 };

/** Refused with this code, in words that give away neither address nor answer. */
async function expectRefused(fetching: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  const error: unknown = await fetching.then(
    () => 'taken',
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'TaskError', code, message: expect.stringMatching(message) });
  expect(String(error)).not.toMatch(/127\.0\.0\.1|localhost|secret/);
}

describe('what is taken', () => {
  it('a file, with its name from the path', async () => {
    const media = await fetched(server.serve('/my%20face.png', png));
    expect(media).toMatchObject({ mediaType: 'image/png', bytes: png.length, fileName: 'my face.png' });
  });

  it('a file by an excepted host name', async () => {
    server.serve('/a.png', png);
    const options = {
      allowHosts: [`minio.internal:${server.port}`],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    };
    expect(await fetched(`http://minio.internal:${server.port}/a.png`, options)).toMatchObject({
      bytes: png.length,
    });
  });

  it('a file behind five redirects, absolute and relative', async () => {
    server.serve('/6', png);
    for (let hop = 1; hop <= 5; hop++)
      server.redirect(`/${hop}`, hop % 2 === 0 ? `/${hop + 1}` : `http://${server.host}/${hop + 1}`);
    expect(await fetched(`http://${server.host}/1`)).toMatchObject({ bytes: png.length });
  });

  it('a file in pieces without Content-Length, asked for without compression', async () => {
    let encoding: string | undefined;
    const url = server.on('/chunked', (request, response) => {
      encoding = String(request.headers['accept-encoding']);
      response.write(png.subarray(0, 50));
      response.end(png.subarray(50));
    });
    expect(await fetched(url)).toMatchObject({ bytes: png.length });
    expect(encoding).toBe('identity');
  });
});

describe('private networks', () => {
  it('refuses an address, without a request', async () => {
    const url = privateServer.serve('/a.png', png);
    await expectRefused(fetched(url), 'INPUT_UNREACHABLE', /private network/);
    expect(privateServer.requests).toEqual([]);
  });

  it('refuses a redirect to one', async () => {
    const url = server.redirect('/jump', privateServer.serve('/a.png', png));
    await expectRefused(fetched(url), 'INPUT_UNREACHABLE', /private network/);
    expect(privateServer.requests).toEqual([]);
  });

  it('refuses a name that resolves to one, also beside a public address', async () => {
    for (const addresses of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['::ffff:127.0.0.1']]) {
      const resolve = async () =>
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      const url = `http://rebound.example.com:${privateServer.port}/a.png`;
      await expectRefused(fetched(url, { resolve }), 'INPUT_UNREACHABLE', /private network/);
    }
    expect(privateServer.requests).toEqual([]);
  });

  it('says so when a name does not exist', async () => {
    const resolve = () =>
      Promise.reject(Object.assign(new Error('secret.example.com'), { code: 'ENOTFOUND' }));
    await expectRefused(
      fetched('http://secret.example.com/', { resolve }),
      'INPUT_UNREACHABLE',
      /does not exist/,
    );
  });
});

describe('servers that misbehave', () => {
  it.each([401, 403, 404, 410, 500, 503])('answers %i', async (status) => {
    const url = server.on('/a.png', (_request, response) => response.writeHead(status).end('secret'));
    await expectRefused(fetched(url), 'INPUT_UNREACHABLE', new RegExp(`answered ${status}`));
  });

  it.each([
    ['to a file', 'file:///etc/passwd', /cannot be fetched/],
    ['with credentials', 'http://user:secret@example.com/', /cannot be fetched/],
    ['in a circle', '/circle', /more than 5 times/],
  ])('redirects %s', async (_name, location, message) => {
    await expectRefused(fetched(server.redirect('/circle', location)), 'INPUT_UNREACHABLE', message);
  });

  it('redirects nowhere', async () => {
    const url = server.on('/nowhere', (_request, response) => response.writeHead(302).end());
    await expectRefused(fetched(url), 'INPUT_UNREACHABLE', /cannot be fetched/);
  });

  it('accepts and never answers', async () => {
    const url = server.on('/hang', () => undefined);
    await expectRefused(fetched(url, { limits: quick }), 'INPUT_UNREACHABLE', /longer than 0\.4 seconds/);
  });

  it('sends byte by byte', async () => {
    const url = server.on('/drip', (_request, response) => {
      let at = 0;
      const drip = setInterval(() => response.write(png.subarray(at, ++at)), 20);
      response.once('close', () => clearInterval(drip));
    });
    await expectRefused(fetched(url, { limits: quick }), 'INPUT_UNREACHABLE', /longer than 0\.4 seconds/);
  });

  it('announces too much, and is not read', async () => {
    const closed = Promise.withResolvers<void>();
    const url = server.on('/large', (_request, response) => {
      response.once('close', closed.resolve);
      response.writeHead(200, { 'content-length': 9_000_000 }).write(png);
    });
    await expectRefused(fetched(url), 'INPUT_TOO_LARGE', /larger than 7\.6 MiB/);
    await closed.promise;
  });

  it('sends too much without announcing it', async () => {
    const { url, closed } = server.endless('/endless', png);
    await expectRefused(fetched(url), 'INPUT_TOO_LARGE', /larger than 7\.6 MiB/);
    await closed;
  });

  it('sends a web page', async () => {
    const page = Buffer.from('<!DOCTYPE html><html><body>Please log in</body></html>');
    await expectRefused(fetched(server.serve('/a.png', page)), 'UNSUPPORTED_MEDIA', /web page/);
  });

  it('compresses without being asked', async () => {
    const url = server.on('/zipped', (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(png));
    });
    await expectRefused(fetched(url), 'INPUT_UNREACHABLE', /compressed/);
  });

  it('is not there', async () => {
    const gone = await FileServer.start();
    const { host } = gone;
    await gone.stop();
    await expectRefused(
      fetched(`http://${host}/`, { allowHosts: [host] }),
      'INPUT_UNREACHABLE',
      /refused the connection/,
    );
  });

  it.each([
    [
      'breaks off',
      `HTTP/1.1 200 OK\r\nContent-Length: ${png.length}\r\n\r\n`,
      /broke off|less than it announced/,
    ],
    ['talks something else', 'SSH-2.0-OpenSSH_9.2p1 secret\r\n', /cannot be understood/],
    ['endless headers', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`, /more headers/],
    ['closes at once', '', /broke off/],
  ])('%s', async (_name, answer, message) => {
    const content = answer.includes('Content-Length') ? png.toString('latin1', 0, 40) : '';
    const url = `${await rawServer(answer + content)}/a.png`;
    await expectRefused(fetched(url, { allowHosts: ['127.0.0.1'] }), 'INPUT_UNREACHABLE', message);
  });
});

it('ends a download when the signal is aborted, with its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('cancelled by the client');
  const closed = Promise.withResolvers<void>();
  const url = server.on('/slow', (_request, response) => {
    response.once('close', closed.resolve);
    response.write(png.subarray(0, 50), () => controller.abort(reason));
  });
  await expect(fetched(url, {}, controller.signal)).rejects.toBe(reason);
  await closed.promise;
});
