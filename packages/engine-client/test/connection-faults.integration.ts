import { Metadata, status } from '@grpc/grpc-js';
import { TaskError, type EngineEvent, type EngineInput } from '@polyreel/core';
import {
  accepted,
  completed,
  emit,
  eventsOf,
  generating,
  inputOf,
  jobOf,
  patternBytes,
  ScriptedEngine,
  successScript,
  TcpProxy,
  type EngineScript,
} from '@polyreel/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { GrpcEngine, type GrpcEngineOptions } from '../src/index.js';
import { responseOf, serveEngine } from './engine-server.js';

const mebibyte = 1024 * 1024;
const never = new AbortController().signal;

describe('GrpcEngine and an engine that goes wrong', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function behindProxy(script: EngineScript, options: GrpcEngineOptions = {}) {
    const scripted = new ScriptedEngine(script);
    const server = await serveEngine(scripted);
    closers.push(() => server.close());
    const proxy = await TcpProxy.open('127.0.0.1', server.port);
    closers.push(() => proxy.close());
    const engine = new GrpcEngine(`127.0.0.1:${proxy.port}`, options);
    closers.push(() => engine.close());
    return { scripted, proxy, engine };
  }

  async function serving(changes: Parameters<typeof serveEngine>[1]): Promise<GrpcEngine> {
    const server = await serveEngine(new ScriptedEngine(), changes);
    closers.push(() => server.close());
    const engine = new GrpcEngine(server.address);
    closers.push(() => engine.close());
    return engine;
  }

  it('is lost when the connection breaks in the middle of a job', async () => {
    const { engine, proxy } = await behindProxy([accepted, generating(0.1), { type: 'hang' }]);
    const run = async () => {
      for await (const event of engine.generate(jobOf(), never)) if (event.type === 'progress') proxy.cut();
    };
    await expect(run()).rejects.toMatchObject({ code: 'ENGINE_LOST', retryable: true });
  });

  it('is lost when the connection breaks while inputs are sent', async () => {
    const { engine, proxy } = await behindProxy([accepted, { type: 'hang' }]);
    const bytes = patternBytes(mebibyte);
    async function* content(): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield bytes;
        if (proxy.sent > 0) proxy.cut();
      }
    }
    const input: EngineInput = { ...inputOf('video', 'video/mp4', bytes), bytes: 2 ** 40, open: content };
    await expect(eventsOf(engine, jobOf({ inputs: [input] }))).rejects.toMatchObject({
      code: expect.stringMatching(/^ENGINE_(LOST|UNAVAILABLE)$/),
    });
  });

  it('is unavailable when the connection breaks before it accepted', async () => {
    const { engine, proxy, scripted } = await behindProxy([{ type: 'hang' }]);
    const started = scripted.nextRun();
    const events = eventsOf(engine, jobOf());
    await Promise.all([
      expect(events).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', retryable: true }),
      started.then(() => proxy.cut()),
    ]);
  });

  it('is unavailable when nobody listens', async () => {
    const { engine, proxy } = await behindProxy(successScript());
    await proxy.close();
    await expect(engine.describe()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    await expect(eventsOf(engine, jobOf())).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  });

  it('works again when the engine is back', async () => {
    const { engine, proxy } = await behindProxy(successScript());
    proxy.cut();
    await expect(engine.describe()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    proxy.restore();
    const describes = () => engine.describe().then(({ engine: name }) => name, String);
    await expect.poll(describes).toBe('scripted');
    expect((await eventsOf(engine, jobOf())).at(-1)?.type).toBe('completed');
  });

  it('is given up when it does not describe itself in time', async () => {
    const engine = await serving({ describe: () => {} });
    const begin = Date.now();
    await expect(engine.describe()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    expect(Date.now() - begin).toBeLessThan(20_000);
  });

  it('is lost when the network goes silent in the middle of a job', async () => {
    const keepalive = { afterSeconds: 0.5, timeoutSeconds: 0.5 };
    const script: EngineScript = [accepted, generating(0.1), { type: 'hang' }];
    const { engine, proxy } = await behindProxy(script, { keepalive });
    const run = async () => {
      for await (const event of engine.generate(jobOf(), never))
        if (event.type === 'progress') proxy.freeze();
    };
    await expect(run()).rejects.toMatchObject({ code: 'ENGINE_LOST' });
  });

  it('can be cancelled while the network is silent', async () => {
    const { engine, proxy } = await behindProxy([accepted, { type: 'hang' }]);
    const abort = new AbortController();
    const run = async () => {
      for await (const event of engine.generate(jobOf(), abort.signal)) {
        expect(event.type).toBe('accepted');
        proxy.freeze();
        setImmediate(() => abort.abort());
      }
    };
    await expect(run()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('breaks the contract by ending without a result', async () => {
    const engine = await serving({
      generate: (call) => {
        call.write(responseOf({ type: 'accepted', effectiveParameters: {} }));
        call.end();
      },
    });
    await expect(eventsOf(engine, jobOf())).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('has done its job once it said so, however the connection ends', async () => {
    const { engine, proxy } = await behindProxy([accepted, completed(), { type: 'hang' }]);
    const events: EngineEvent['type'][] = [];
    for await (const event of engine.generate(jobOf(), never)) {
      events.push(event.type);
      if (event.type === 'completed') proxy.cut();
    }
    expect(events).toEqual(['accepted', 'completed']);
  });

  it('may refuse a job without reading its inputs', async () => {
    const error = new TaskError('INVALID_INPUT', 'No such model.');
    const { engine } = await behindProxy([{ type: 'fail', error }]);
    const inputs = [inputOf('video', 'video/mp4', patternBytes(20 * mebibyte))];
    await expect(eventsOf(engine, jobOf({ inputs }))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'No such model.',
    });
  });

  it('is busy: RESOURCE_EXHAUSTED without a code means another try', async () => {
    const engine = await serving({
      generate: (call) => {
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'slots', metadata: new Metadata() });
      },
    });
    await expect(eventsOf(engine, jobOf())).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      retryable: true,
    });
  });

  it('is refused when an input is longer or shorter than announced', async () => {
    const { engine, scripted } = await behindProxy([accepted, { type: 'read-inputs' }, completed()]);
    for (const bytes of [999, 1_001]) {
      const input = { ...inputOf('audio', 'audio/wav', patternBytes(1_000)), bytes };
      await expect(eventsOf(engine, jobOf({ inputs: [input] }))).rejects.toMatchObject({ code: 'INTERNAL' });
    }
    for (const run of scripted.runs) expect(await run.ended).not.toBe('finished');
  });

  it('is held back by a slow reader, and holds a fast writer back', async () => {
    const chunk = patternBytes(mebibyte);
    const chunks = Array.from({ length: 200 }, () => emit({ type: 'output-chunk', data: chunk }));
    const { engine, scripted, proxy } = await behindProxy([
      accepted,
      emit({ type: 'output-start', role: 'result', mediaType: 'video/mp4' }),
      ...chunks,
      completed(),
    ]);
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        yield chunk;
      }
    }
    // Nobody reads the inputs on the other side, and we stop reading its outputs.
    const input: EngineInput = { ...inputOf('video', 'video/mp4', chunk), bytes: 2 ** 40, open: endless };
    const events = engine.generate(jobOf({ inputs: [input] }), never)[Symbol.asyncIterator]();
    for (let taken = 0; taken < 5; taken += 1) await events.next();
    let before = '';
    const settled = () => {
      const now = `${given} ${scripted.runs[0]?.emitted} ${proxy.sent}`;
      const same = now === before;
      before = now;
      return same;
    };
    await expect.poll(settled, { interval: 300 }).toBe(true);
    expect(scripted.runs[0]?.emitted).toBeLessThan(60);
    expect(given).toBeLessThan(30);
    await events.return?.();
    expect(await scripted.runs[0]?.ended).toBe('cancelled');
  });
});
