import { lookup } from 'node:dns/promises';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askNameServers } from '../src/name-servers.js';

const A = 1;
const AAAA = 28;

/** Records by type; absent: there is no such name; `silent`: no answer at all. */
type Zone = Readonly<Record<string, Readonly<Record<number, readonly Buffer[]>> | 'silent'>>;

const zone: Zone = {
  'both.example': {
    [A]: [Buffer.from([8, 8, 8, 8])],
    [AAAA]: [Buffer.from('20014860486000000000000000008888', 'hex')],
  },
  'four.example': { [A]: [Buffer.from([8, 8, 4, 4]), Buffer.from([10, 0, 0, 1])] },
  'empty.example': {},
  'silent.example': 'silent',
};

let server: Socket;
let address: string;

beforeEach(async () => {
  server = createSocket('udp4');
  server.on('message', (question, { port }) => {
    const labels: string[] = [];
    let at = 12;
    for (; question[at] !== 0; at += 1 + question[at]!)
      labels.push(question.toString('latin1', at + 1, at + 1 + question[at]!));
    const type = question.readUInt16BE(at + 1);
    const known = zone[labels.join('.').toLowerCase()];
    if (known === 'silent') return;
    const records = known?.[type] ?? [];
    const head = Buffer.from(question.subarray(0, 12));
    head.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
    for (const [place, count] of [1, records.length, 0, 0].entries())
      head.writeUInt16BE(count, 4 + 2 * place);
    const answers = records.map((data) => {
      const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
      return Buffer.concat([record, data]);
    });
    server.send(Buffer.concat([head, question.subarray(12, at + 5), ...answers]), port, '127.0.0.1');
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${server.address().port}`;
});
afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

/** @param timeout milliseconds; long, so that a busy machine does not silence a name server that answers */
const resolve = (name: string, timeout = 20_000) =>
  askNameServers({ servers: [address], timeout, tries: 1 })(name);

it('gives all addresses of both families', async () => {
  expect(await resolve('both.example')).toEqual([
    { address: '8.8.8.8', family: 4 },
    { address: '2001:4860:4860::8888', family: 6 },
  ]);
  expect(await resolve('four.example')).toEqual([
    { address: '8.8.4.4', family: 4 },
    { address: '10.0.0.1', family: 4 },
  ]);
});

it.each(['nobody.example', 'empty.example'])('says that %s has no address', async (name) => {
  await expect(resolve(name)).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

it('says that a silent name server does not tell', async () => {
  await expect(resolve('silent.example', 100)).rejects.toMatchObject({ code: 'EAI_AGAIN' });
});

it('holds no thread that others need while name servers are silent', async () => {
  const patient = askNameServers({ servers: [address], timeout: 5_000, tries: 1 });
  const waiting = Array.from({ length: 50 }, () => patient('silent.example').catch(() => 'silent'));
  expect(await Promise.race([lookup('localhost').then(() => 'found'), ...waiting])).toBe('found');
  await Promise.all(waiting);
});
