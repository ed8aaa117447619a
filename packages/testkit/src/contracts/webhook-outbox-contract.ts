import type { DueQuery, WebhookDelivery, WebhookOutbox } from '@polyreel/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { WebhookRow } from '../memory-webhook-outbox.js';

export interface WebhookOutboxFixture {
  readonly outbox: WebhookOutbox;
  /** Has a task end as cancelled that owes this URL a message; returns the id of the delivery. */
  add(url: string): Promise<string>;
  row(deliveryId: string): Promise<WebhookRow>;
  /** Lets time pass for the outbox. A real one goes on by itself as well: what is not due yet needs seconds to spare. */
  advance(seconds: number): Promise<void>;
}

const url = 'https://receiver.example:8443/hook?token=1';
const all: DueQuery = { limit: 100, perReceiver: 100, underWay: new Map(), leaseSeconds: 60 };

/** What every WebhookOutbox does. `open` is called before each test and gives an empty outbox. */
export function webhookOutboxContract(open: () => Promise<WebhookOutboxFixture>): void {
  describe('webhook outbox', () => {
    let fixture: WebhookOutboxFixture;
    let outbox: WebhookOutbox;
    beforeEach(async () => {
      fixture = await open();
      outbox = fixture.outbox;
    });

    async function claimOne(): Promise<WebhookDelivery> {
      const [delivery, ...others] = await outbox.claimDue(all);
      expect(others).toEqual([]);
      expect(delivery).toBeDefined();
      return delivery!;
    }

    it('gives a new delivery at once, whole, and to one caller only', async () => {
      const id = await fixture.add(url);
      const [first, second] = await Promise.all([outbox.claimDue(all), outbox.claimDue(all)]);
      expect([...first, ...second]).toEqual([
        {
          id,
          taskId: expect.any(String) as string,
          url,
          receiver: 'receiver.example:8443',
          event: 'cancelled',
          tries: 1,
          createdAt: expect.any(Date) as Date,
        },
      ]);
      expect(await outbox.claimDue(all)).toEqual([]);
    });

    it('gives it again, as the next try, when its lease has passed', async () => {
      const id = await fixture.add(url);
      await claimOne();
      await fixture.advance(30);
      expect(await outbox.claimDue(all)).toEqual([]);
      await fixture.advance(31);
      expect(await claimOne()).toMatchObject({ id, tries: 2 });
    });

    it('forgets what succeeded', async () => {
      const id = await fixture.add(url);
      await outbox.succeeded(await claimOne(), 204);
      await fixture.advance(100_000);
      expect(await outbox.claimDue(all)).toEqual([]);
      expect(await fixture.row(id)).toEqual({ state: 'delivered', tries: 1, lastStatus: 204 });
    });

    it('gives what failed again after the delay, under the same id', async () => {
      const id = await fixture.add(url);
      await outbox.failed(await claimOne(), {
        reason: 'It answered 500.',
        status: 500,
        retryAfterSeconds: 60,
      });
      await fixture.advance(30);
      expect(await outbox.claimDue(all)).toEqual([]);
      expect(await fixture.row(id)).toEqual({
        state: 'pending',
        tries: 1,
        lastStatus: 500,
        lastError: 'It answered 500.',
      });
      await fixture.advance(31);
      const second = await claimOne();
      expect(second).toMatchObject({ id, tries: 2 });
      await outbox.failed(second, { reason: 'No answer.' });
      await fixture.advance(100_000);
      expect(await outbox.claimDue(all)).toEqual([]);
      expect(await fixture.row(id)).toEqual({ state: 'abandoned', tries: 2, lastError: 'No answer.' });
    });

    it('does not count a try that was given back', async () => {
      const id = await fixture.add(url);
      await outbox.release(await claimOne(), 0);
      const again = await claimOne();
      expect(again).toMatchObject({ id, tries: 1 });
      await outbox.release(again, 60);
      await fixture.advance(30);
      expect(await outbox.claimDue(all)).toEqual([]);
      await fixture.advance(31);
      expect((await claimOne()).tries).toBe(1);
    });

    it('believes a late success, but no late failure or return', async () => {
      const id = await fixture.add(url);
      const late = await claimOne();
      await fixture.advance(61);
      await claimOne();
      await outbox.failed(late, { reason: 'Too late.' });
      await outbox.release(late, 0);
      expect(await outbox.claimDue(all)).toEqual([]);
      expect(await fixture.row(id)).toEqual({ state: 'pending', tries: 2 });
      await outbox.succeeded(late, 200);
      expect(await fixture.row(id)).toMatchObject({ state: 'delivered', lastStatus: 200 });
    });

    it('never brings an ended delivery back', async () => {
      const id = await fixture.add(url);
      const delivery = await claimOne();
      await outbox.failed(delivery, { reason: 'Gone.', status: 410 });
      await outbox.release(delivery, 0);
      await outbox.failed(delivery, { reason: 'Again.', retryAfterSeconds: 0 });
      await outbox.succeeded(delivery, 200);
      expect(await fixture.row(id)).toMatchObject({ state: 'abandoned', lastStatus: 410 });
      expect(await outbox.claimDue(all)).toEqual([]);
    });

    describe('with several receivers', () => {
      const busy = 'https://busy.example/hook';
      const calm = 'https://calm.example/hook';
      const receivers = (deliveries: readonly WebhookDelivery[]) =>
        deliveries.map(({ receiver }) => receiver).sort();

      it('takes no more than asked for, of all and of each receiver', async () => {
        for (const target of [busy, busy, busy, calm]) await fixture.add(target);
        const few = await outbox.claimDue({ ...all, perReceiver: 2 });
        expect(receivers(few)).toEqual(['busy.example', 'busy.example', 'calm.example']);
        const underWay = new Map([['busy.example', 2]]);
        expect(await outbox.claimDue({ ...all, perReceiver: 2, underWay })).toEqual([]);
        expect(await outbox.claimDue({ ...all, limit: 0 })).toEqual([]);
        expect(receivers(await outbox.claimDue({ ...all, limit: 1 }))).toEqual(['busy.example']);
      });

      it('puts whoever has less under way before a long line of another', async () => {
        for (let count = 0; count < 20; count++) await fixture.add(busy);
        await fixture.advance(10);
        await fixture.add(calm);
        const underWay = new Map([['busy.example', 1]]);
        expect(receivers(await outbox.claimDue({ ...all, limit: 1, underWay }))).toEqual(['calm.example']);
        await fixture.add(calm);
        expect(receivers(await outbox.claimDue({ ...all, limit: 2 }))).toEqual([
          'busy.example',
          'calm.example',
        ]);
      });

      it('gives the longest due of a receiver first', async () => {
        const first = await fixture.add(busy);
        await fixture.advance(5);
        await fixture.add(busy);
        expect(await outbox.claimDue({ ...all, limit: 1 })).toMatchObject([{ id: first }]);
      });
    });
  });
}
