import { describe, expect, it } from 'vitest';
import { loadApiSettings, loadDevstackSettings, loadWorkerSettings, SettingsError } from './index.js';

const services = {
  DATABASE_URL: 'postgresql://polyreel:hunter2@127.0.0.1:5433/polyreel',
  REDIS_URL: 'redis://:hunter2@127.0.0.1:6390',
  S3_ENDPOINT: 'http://127.0.0.1:9001',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'hunter2hunter2',
};

function refusal(load: () => unknown): SettingsError {
  try {
    load();
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('api settings', () => {
  it('takes keys for secrets, and never shows one that is wrong', () => {
    const key = Buffer.alloc(32, 9).toString('base64');
    expect(loadApiSettings(services).secrets.keys).toEqual([]);
    const { secrets } = loadWorkerSettings({ ...services, ENGINES: 'a:1', SECRETS_KEY: `${key},${key}` });
    expect(secrets.keys).toEqual([Buffer.alloc(32, 9), Buffer.alloc(32, 9)]);
    for (const wrong of ['hunter2hunter2', `${key}A`, Buffer.alloc(16).toString('base64')]) {
      const { message } = refusal(() => loadApiSettings({ ...services, SECRETS_KEY: wrong }));
      expect(message).toContain('SECRETS_KEY');
      expect(message).not.toContain(wrong);
    }
  });

  it('fills in the documented defaults', () => {
    const settings = loadApiSettings(services);
    expect(settings).toMatchObject({
      databaseUrl: services.DATABASE_URL,
      redisUrl: services.REDIS_URL,
      s3: { endpoint: services.S3_ENDPOINT, region: 'us-east-1', bucket: 'polyreel', forcePathStyle: true },
      host: '127.0.0.1',
      port: 8080,
      auth: 'off',
      models: { talk: 'preview', lipsync: 'preview', t2v: 'preview', i2v: 'preview' },
      queueLimit: 1000,
      maxAttempts: 3,
      limits: {
        jsonBytes: 33554432,
        runpodRunBytes: 10485760,
        runpodRunsyncBytes: 20971520,
        uploadBytes: 2147483648,
        mediaSeconds: 3600,
        pixels: 33177600,
      },
      linkSeconds: 3600,
      downloads: 'stream',
      volumeRoots: ['/runpod-volume', '/my_volume'],
      volumePrefix: 'volume/',
      fetchAllowHosts: [],
      exitWithParent: false,
      logLevel: 'info',
    });
    expect(settings.s3.publicEndpoint).toBeUndefined();
    expect(settings.samplesDir).toBeUndefined();
    expect(settings.spoolDir).toMatch(/polyreel$/);
  });

  it('reads numbers, switches and lists, and takes blank text as not set', () => {
    const settings = loadApiSettings({
      ...services,
      PORT: ' 9000 ',
      S3_FORCE_PATH_STYLE: 'no',
      FETCH_ALLOW_HOSTS: 'localhost:9000, media.internal,',
      QUEUE_LIMIT: '',
      LOG_PRETTY: 'true',
    });
    expect(settings).toMatchObject({
      port: 9000,
      s3: { forcePathStyle: false },
      fetchAllowHosts: ['localhost:9000', 'media.internal'],
      queueLimit: 1000,
      logPretty: true,
    });
  });

  it('lists every wrong variable at once, with what is allowed and without secrets', () => {
    const error = refusal(() =>
      loadApiSettings({
        ...services,
        DATABASE_URL: 'mysql://polyreel:hunter2@127.0.0.1/polyreel?password=hunter2',
        S3_SECRET_ACCESS_KEY: undefined,
        PORT: '80x',
        LOG_LEVEL: 'loud',
        LIMIT_PIXELS: '1e9',
        MODEL_TALK: 'm'.repeat(201),
        VOLUME_PREFIX: '../',
        S3_FORCE_PATH_STYLE: 'maybe',
      }),
    );
    expect(error.wrong.map(({ name }) => name).sort()).toEqual([
      'DATABASE_URL',
      'LIMIT_PIXELS',
      'LOG_LEVEL',
      'MODEL_TALK',
      'PORT',
      'S3_FORCE_PATH_STYLE',
      'S3_SECRET_ACCESS_KEY',
      'VOLUME_PREFIX',
    ]);
    expect(error.message).toContain('PORT = "80x"; allowed: a port from 0 to 65535');
    expect(error.message).toContain('S3_SECRET_ACCESS_KEY is not set');
    expect(error.message).toContain('mysql://polyreel:***@127.0.0.1/polyreel?***');
    expect(error.message).not.toContain('hunter2');
  });

  it.each([
    ['api', loadApiSettings],
    ['worker', loadWorkerSettings],
  ])('%s: the logo clip as an absolute path, and how long results are kept', (_name, load) => {
    const env = { ...services, ENGINES: '127.0.0.1:7100' };
    expect(load(env)).toMatchObject({ retention: { resultsDays: 30 } });
    expect(load(env).logoVideo).toBeUndefined();
    const settings = load({ ...env, LOGO_VIDEO: 'brand/logo.mp4', RETENTION_DAYS: '0' });
    expect(settings.logoVideo).toMatch(/^\/.*\/brand\/logo\.mp4$/);
    expect(settings.retention.resultsDays).toBe(0);
  });

  describe('of webhooks', () => {
    const secret = (bytes: number) => `whsec_${Buffer.alloc(bytes, 0xfb).toString('base64')}`;
    const WEBHOOK_URL = 'https://hooks.example/polyreel?token=hunter2';
    const load = (over: Record<string, string>) => loadApiSettings({ ...services, ...over }).webhook;

    it.each([24, 32, 64])('take a secret of %i bytes', (bytes) => {
      const WEBHOOK_SECRET = secret(bytes);
      expect(load({ WEBHOOK_URL, WEBHOOK_SECRET })).toEqual({ url: WEBHOOK_URL, secrets: [WEBHOOK_SECRET] });
    });

    it('take two secrets while one replaces the other, and may be absent', () => {
      const secrets = [secret(32), secret(24)];
      expect(load({ WEBHOOK_URL, WEBHOOK_SECRET: secrets.join(', ') })?.secrets).toEqual(secrets);
      expect(load({})).toBeUndefined();
    });

    it.each([
      'hunter2',
      'whsec_',
      secret(23),
      secret(65),
      secret(32).slice(0, -1),
      `${secret(32)},hunter2`,
      secret(33).replaceAll('+', '-'),
      secret(32).replace('whsec_', ''),
    ])('refuse the secret %s without showing it', (WEBHOOK_SECRET) => {
      const { wrong, message } = refusal(() => load({ WEBHOOK_URL, WEBHOOK_SECRET }));
      expect(wrong).toMatchObject([{ name: 'WEBHOOK_SECRET', value: '***' }]);
      expect(message).toContain('base64 of 24 to 64 random bytes');
    });

    it('belong together', () => {
      expect(refusal(() => load({ WEBHOOK_URL })).wrong).toMatchObject([{ name: 'WEBHOOK_SECRET' }]);
      expect(refusal(() => load({ WEBHOOK_SECRET: secret(32) })).wrong).toMatchObject([
        { name: 'WEBHOOK_URL' },
      ]);
      const ftp = refusal(() => load({ WEBHOOK_URL: 'ftp://a/?hunter2', WEBHOOK_SECRET: secret(32) }));
      expect(ftp.message).toContain('WEBHOOK_URL');
      expect(ftp.message).not.toContain('hunter2');
    });
  });

  it.each(['0.0.0.0', '::', 'example.org', '127.evil.example'])('refuses AUTH=off on %s', (host) => {
    const error = refusal(() => loadApiSettings({ ...services, HOST: host }));
    expect(error.message).toContain('AUTH_OFF_ANYWHERE');
    expect(loadApiSettings({ ...services, HOST: host, AUTH: 'keys' }).auth).toBe('keys');
    expect(loadApiSettings({ ...services, HOST: host, AUTH_OFF_ANYWHERE: 'true' }).auth).toBe('off');
  });

  it.each(['localhost', '127.0.0.1', '127.1.2.3', '::1'])('accepts AUTH=off on %s', (host) => {
    expect(loadApiSettings({ ...services, HOST: host }).host).toBe(host);
  });
});

describe('worker settings', () => {
  it('needs at least one engine', () => {
    expect(refusal(() => loadWorkerSettings(services)).wrong).toMatchObject([{ name: 'ENGINES' }]);
    const settings = loadWorkerSettings({ ...services, ENGINES: '127.0.0.1:50051, gpu-1:50051' });
    expect(settings).toMatchObject({
      engines: ['127.0.0.1:50051', 'gpu-1:50051'],
      port: 8081,
      leaseSeconds: 15,
      beatSeconds: 2,
      engineSilenceSeconds: 120,
      fetch: { allowHosts: [], timeoutSeconds: 60, maxBytes: 2147483648 },
      drainSeconds: 30,
      retention: { resultsDays: 30 },
    });
  });

  it.each(['gpu-1', 'http://gpu-1:50051', 'gpu-1:port'])('refuses the engine address %s', (engine) => {
    expect(refusal(() => loadWorkerSettings({ ...services, ENGINES: engine })).message).toContain('ENGINES');
  });

  it('wants several beats in a lease', () => {
    const beats = { ...services, ENGINES: 'a:1', LEASE_SECONDS: '4', BEAT_SECONDS: '2' };
    expect(refusal(() => loadWorkerSettings(beats)).message).toContain('a third of LEASE_SECONDS');
    expect(loadWorkerSettings({ ...beats, BEAT_SECONDS: '0.5' }).beatSeconds).toBe(0.5);
  });
});

describe('launcher settings', () => {
  it('embeds everything that is not named', () => {
    expect(loadDevstackSettings({ S3_BUCKET: 'other' })).toMatchObject({
      databaseUrl: undefined,
      redisUrl: undefined,
      s3: undefined,
      engines: undefined,
      port: 8080,
    });
  });

  it('takes each part from outside on its own', () => {
    expect(loadDevstackSettings({ REDIS_URL: services.REDIS_URL }).redisUrl).toBe(services.REDIS_URL);
    expect(loadDevstackSettings(services).s3).toMatchObject({ accessKeyId: 'key' });
  });

  it('demands the whole of a foreign store once a part of it is named', () => {
    const error = refusal(() => loadDevstackSettings({ S3_ENDPOINT: services.S3_ENDPOINT }));
    expect(error.wrong.map(({ name }) => name)).toEqual(['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']);
  });
});
