import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardedUpload } from '../src/index.js';
import { FileServer } from './file-server.js';

const going = new AbortController().signal;
const piece = Buffer.alloc(100_000, 'x');
const content = {
  mediaType: 'video/mp4',
  bytes: 3_000_000,
  async *open() {
    for (let count = 0; count < 30; count++) yield piece;
  },
};

let server: FileServer;
let upload: GuardedUpload;
beforeEach(async () => {
  server = await FileServer.start();
  upload = new GuardedUpload({ allowHosts: [server.host] });
});
afterEach(async () => {
  await server.stop();
  await upload.close();
});

describe('uploads to foreign servers', () => {
  it('stream the content with type and length', async () => {
    let request: IncomingMessage | undefined;
    let bytes = 0;
    const url = server.on('/bucket/a.mp4?X-Amz-Signature=1', (incoming, response) => {
      request = incoming;
      incoming.on('data', (chunk: Buffer) => (bytes += chunk.length));
      incoming.once('end', () => response.writeHead(201).end());
    });
    expect(await upload.put(url, content, going)).toBe(201);
    expect(request!.method).toBe('PUT');
    expect(request!.headers).toMatchObject({ 'content-type': 'video/mp4', 'content-length': '3000000' });
    expect(bytes).toBe(3_000_000);
  });

  it.each([307, 403, 503])('bring back %i and follow nothing', async (status) => {
    let trapped = false;
    const trap = server.on('/trap', (_request, response) => {
      trapped = true;
      response.end();
    });
    const url = server.on('/answer', (request, response) => {
      request.resume().once('end', () => response.writeHead(status, { location: trap }).end());
    });
    expect(await upload.put(url, content, going)).toBe(status);
    expect(trapped).toBe(false);
  });

  it.each([
    ['http://169.254.169.254/b/k', 'INPUT_UNREACHABLE'],
    ['http://[::ffff:10.0.0.1]/b/k', 'INPUT_UNREACHABLE'],
    ['http://localhost:1/b/k', 'INPUT_UNREACHABLE'],
    ['ftp://example.com/b/k', 'INVALID_INPUT'],
  ])('do not go to %s', async (url, code) => {
    await expect(upload.put(url, content, going)).rejects.toMatchObject({ name: 'TaskError', code });
  });

  it('do not go to names that lead into a private network', async () => {
    const inside = new GuardedUpload({
      allowHosts: [],
      resolve: async () => [{ address: '10.0.0.1', family: 4 }],
    });
    await expect(inside.put('http://bucket.example/b/k', content, going)).rejects.toMatchObject({
      code: 'INPUT_UNREACHABLE',
      message: expect.stringContaining('private network') as string,
    });
    await inside.close();
  });

  it('end with their signal', async () => {
    const stop = new AbortController();
    const url = server.on('/silent', () => stop.abort(new Error('stopped')));
    await expect(upload.put(url, content, stop.signal)).rejects.toThrow('stopped');
  });
});
