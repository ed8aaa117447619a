import { aTaskToCreate, scopeOf, webhookOutboxContract } from '@polyreel/testkit';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { connectDatabase, PostgresWakeUp, PrismaTaskStore, PrismaWebhookOutbox } from '../src/index.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

const all = { limit: 50, perReceiver: 50, underWay: new Map<string, number>(), leaseSeconds: 60 };

let database: TestDatabase;
let store: PrismaTaskStore;
let outbox: PrismaWebhookOutbox;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseUrl'));
  store = new PrismaTaskStore(database.prisma);
  outbox = new PrismaWebhookOutbox(database.prisma);
});
afterAll(() => database.drop());

/** Id of the delivery that is owed for a task cancelled while it waited. */
async function cancelled(webhookUrl: string): Promise<string> {
  const task = await store.create(aTaskToCreate({ webhookUrl }), 1000);
  await store.requestCancel(scopeOf(task), task.publicId);
  const row = await database.prisma.webhookDelivery.findFirstOrThrow({ where: { taskId: task.id } });
  return row.id;
}

webhookOutboxContract(async () => {
  await database.prisma.task.deleteMany();
  return {
    outbox,
    add: cancelled,
    async row(id) {
      const row = await database.prisma.webhookDelivery.findUniqueOrThrow({ where: { id } });
      return {
        state: row.state as 'pending',
        tries: row.tries,
        ...(row.lastStatus !== null && { lastStatus: row.lastStatus }),
        ...(row.lastError !== null && { lastError: row.lastError }),
      };
    },
    async advance(seconds) {
      await database.prisma.$executeRaw`
        UPDATE webhook_delivery SET next_try_at = next_try_at - make_interval(secs => ${seconds}::float8)`;
    },
  };
});

describe('in Postgres', () => {
  beforeEach(async () => {
    await database.prisma.task.deleteMany();
  });

  it('shares the line among many senders, each delivery once', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 60; count++) ids.push(await cancelled(`https://r${count % 7}.example/hook`));
    const claims = await Promise.all(Array.from({ length: 8 }, () => outbox.claimDue({ ...all, limit: 5 })));
    const claimed = claims.flat();
    for (let more = await outbox.claimDue(all); more.length > 0; more = await outbox.claimDue(all))
      claimed.push(...more);
    expect(claimed.map(({ id }) => id).sort()).toEqual(ids.sort());
  });

  it('takes receivers as they are written, with quotes, ports and brackets', async () => {
    const urls = ['https://[2001:db8::1]:8443/a/b', "https://a.example?x='1/2", 'http://b.example:81//c'];
    for (const url of urls) await cancelled(url);
    const claimed = await outbox.claimDue(all);
    expect(claimed.map(({ receiver }) => receiver).sort()).toEqual([
      '[2001:db8::1]:8443',
      "a.example?x='1",
      'b.example:81',
    ]);
    const underWay = new Map(claimed.map(({ receiver }) => [receiver, 1]));
    for (const url of urls) await cancelled(url);
    expect(await outbox.claimDue({ ...all, perReceiver: 1, underWay })).toEqual([]);
  });

  it('forgets the deliveries of a deleted task', async () => {
    const task = await store.create(aTaskToCreate({ webhookUrl: 'https://a.example/' }), 1000);
    await store.requestCancel(scopeOf(task), task.publicId);
    const [delivery] = await outbox.claimDue(all);
    await store.deleteEnded(scopeOf(task), task.publicId);
    await outbox.failed(delivery!, { reason: 'Too late.', retryAfterSeconds: 1 });
    await outbox.succeeded(delivery!, 200);
    expect(await database.prisma.webhookDelivery.count()).toBe(0);
  });

  it('wakes senders when a task with a webhook ends, and only then', async () => {
    const errors: unknown[] = [];
    const wakeUp = new PostgresWakeUp(database.url, (error) => errors.push(error), 'webhooks');
    const going = new AbortController();
    // The first wake-up says that it listens.
    await wakeUp.wait(60_000, going.signal);
    const woken = wakeUp.wait(60_000, going.signal).then(() => 'woken');
    const silent = await store.create(aTaskToCreate(), 1000);
    await store.requestCancel(scopeOf(silent), silent.publicId);
    const settled = await store.create(aTaskToCreate({ webhookUrl: 'https://a.example/' }), 1000);
    await store.claim(settled.id, 1, 30);
    expect(await Promise.race([woken, database.ping().then(() => 'asleep')])).toBe('asleep');
    await store.settle(settled.id, 1, { state: 'failed', code: 'INTERNAL', text: 'It broke.' });
    expect(await woken).toBe('woken');
    const again = wakeUp.wait(60_000, going.signal);
    await cancelled('https://a.example/');
    await again;
    await wakeUp.close();
    expect(errors).toEqual([]);
  });
});

/** Owes a message to each of so many receivers, due since the last one was made. */
async function oweTo(receivers: number): Promise<void> {
  await database.prisma.task.deleteMany();
  await outbox.claimDue(all);
  await cancelled('https://first.example/');
  await database.prisma.$executeRaw`
    INSERT INTO webhook_delivery (task_id, url, event, next_try_at)
    SELECT t.id, 'https://r' || n || '.example/hook', 'succeeded', now() - n * interval '1 second'
    FROM task t, generate_series(1, ${receivers}::int) AS n`;
}

describe('a claim among many receivers', () => {
  /** Of the tables of webhooks; counted by the only connection, which writes its counts down when asked. */
  const entriesRead = `
    SELECT sum(idx_tup_read + seq_tup_read)::int AS entries FROM (
      SELECT sum(idx_tup_read) AS idx_tup_read FROM pg_stat_user_indexes WHERE relname LIKE 'webhook%') AS indexes,
      (SELECT sum(seq_tup_read) AS seq_tup_read FROM pg_stat_user_tables WHERE relname LIKE 'webhook%') AS tables`;

  it('reads as much of many thousands as of some hundreds', async () => {
    const alone = connectDatabase(database.url, { applicationName: 'polyreel-test', poolSize: 1 });
    const counted = async (): Promise<number> => {
      await alone.prisma.$queryRaw`SELECT pg_stat_force_next_flush()::text`;
      const [row] = await alone.prisma.$queryRawUnsafe<{ entries: number }[]>(entriesRead);
      return row!.entries;
    };
    const cost = async (receivers: number): Promise<number> => {
      await oweTo(receivers);
      await database.prisma.$executeRaw`VACUUM ANALYZE webhook_delivery`;
      await database.prisma.$executeRaw`VACUUM ANALYZE webhook_receiver`;
      const before = await counted();
      const claimed = await new PrismaWebhookOutbox(alone.prisma).claimDue({ ...all, limit: 64 });
      expect(claimed).toHaveLength(64);
      return (await counted()) - before;
    };
    const [few, many] = [await cost(300), await cost(10_000)];
    await alone.close();
    expect(few).toBeGreaterThan(64);
    expect(many).toBeLessThan(2 * few);
  });

  it('takes the longest due receivers first', async () => {
    await oweTo(500);
    const claimed = await outbox.claimDue({ ...all, limit: 5 });
    const longestDue = [500, 499, 498, 497, 496].map((n) => `r${n}.example`);
    expect(claimed.map(({ receiver }) => receiver)).toEqual(longestDue);
  });

  it('finds who is due behind many whose messages have gone', async () => {
    await oweTo(1000);
    await database.prisma.$executeRaw`DELETE FROM webhook_delivery WHERE url LIKE 'https://r%'`;
    expect(await outbox.claimDue({ ...all, limit: 3 })).toMatchObject([{ receiver: 'first.example' }]);
  });

  it('never forgets a message that is added during a claim', async () => {
    await oweTo(300);
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    // Claims look at all of these first and get none, which takes them some milliseconds.
    await other.query('BEGIN');
    await other.query('SELECT FROM webhook_delivery FOR UPDATE');
    let adding = true;
    const add = async (receiver: string) => database.prisma.$executeRaw`
      INSERT INTO webhook_delivery (task_id, url, event) SELECT id, ${`https://${receiver}/`}, 'succeeded' FROM task`;
    const added = Promise.all(
      Array.from({ length: 4 }, async (_, adder) => {
        // The second message to a receiver is the one that comes while the first is being claimed.
        for (let count = 0; count < 200; count++) await add(`late-${adder}-${count >> 1}.example`);
      }),
    ).finally(() => (adding = false));
    let claimed = 0;
    const claim = async () => {
      const taken = await outbox.claimDue({ ...all, limit: 1500, perReceiver: 8, leaseSeconds: 3600 });
      claimed += taken.length;
    };
    while (adding) await claim();
    await added;
    await claim();
    await other.end();
    expect(claimed).toBe(800);
  });
});

describe('the plan of a claim', () => {
  it('reads the index of receivers and never the table, however long the lines are', async () => {
    await database.prisma.task.deleteMany();
    await cancelled('https://first.example/');
    await database.prisma.$executeRaw`
      INSERT INTO webhook_delivery (task_id, url, event, state, next_try_at)
      SELECT t.id, 'https://r' || n % 200 || '.example/hook', 'succeeded',
        CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'delivered' END, now() - n * interval '1 second'
      FROM task t, generate_series(1, 30000) AS n`;
    await database.prisma.$executeRaw`VACUUM ANALYZE webhook_delivery`;
    const plans: string[] = [];
    const explaining = database.prisma.$extends({
      query: {
        async $queryRaw({ args, query }) {
          const rows = await database.prisma.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(
            `EXPLAIN ${args.text}`,
            ...args.values,
          );
          plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
          return query(args);
        },
      },
    });
    // An extended client is the same at run time, but another type.
    const explained = new PrismaWebhookOutbox(explaining as unknown as typeof database.prisma);
    const claimed = await explained.claimDue({ ...all, limit: 64, perReceiver: 8 });
    expect(claimed).toHaveLength(64);
    expect(plans.join('\n')).toContain('webhook_delivery_receiver');
    expect(plans.join('\n')).not.toMatch(/Seq Scan on webhook_/);
  });
});
