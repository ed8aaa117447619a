import type { TaskEvents, TaskNews } from '@polyreel/core';
import type { Redis } from 'ioredis';
import { connect, producerOptions, type OnRedisError } from './connection-options.js';
import { decodeNews, encodeNews } from './news-codec.js';
import { ready } from './ready.js';
import { withDeadline } from './with-deadline.js';

type Listener = (news: TaskNews) => void;

export interface RedisTaskEventsOptions {
  readonly url: string;
  /** First part of every channel name. Absent: `polyreel`. */
  readonly prefix?: string;
  readonly onError: OnRedisError;
}

/** Milliseconds after which a listener is served although Redis has not confirmed it. */
const subscribeDeadline = 2_000;

/**
 * Live events over Redis pub/sub: one channel per task, one subscriber
 * connection per process. Redis being down loses news and nothing else: no
 * call fails, and the channels are subscribed again when it is back.
 */
export class RedisTaskEvents implements TaskEvents {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #channelPrefix: string;
  #publisher: Redis | undefined;
  #subscriber: Redis | undefined;

  constructor(private readonly options: RedisTaskEventsOptions) {
    this.#channelPrefix = `${options.prefix ?? 'polyreel'}:task:`;
  }

  async publish(news: TaskNews): Promise<void> {
    this.#publisher ??= connect(this.options.url, producerOptions, this.options.onError);
    try {
      await ready(this.#publisher);
      await this.#publisher.publish(this.#channelPrefix + news.taskId, encodeNews(news));
    } catch (error) {
      this.#report(error);
    }
  }

  async subscribe(taskId: string, listener: Listener): Promise<() => void> {
    // A wrapper of its own, so that the same function may listen twice.
    const entry: Listener = (news) => listener(news);
    const listeners = this.#listeners.get(taskId) ?? new Set();
    this.#listeners.set(taskId, listeners.add(entry));
    const subscriber = (this.#subscriber ??= this.#connectSubscriber());
    try {
      const subscribed = this.#subscribeTo(subscriber, this.#channelPrefix + taskId);
      await withDeadline(subscribed, subscribeDeadline, 'Redis does not take subscriptions at present.');
    } catch (error) {
      this.#report(error);
    }
    return () => this.#leave(taskId, entry);
  }

  /** Ends every subscription and connection. */
  async close(): Promise<void> {
    this.#listeners.clear();
    this.#publisher?.disconnect();
    this.#subscriber?.disconnect();
    this.#publisher = this.#subscriber = undefined;
  }

  #connectSubscriber(): Redis {
    const options = { ...producerOptions, autoResubscribe: false };
    const subscriber = connect(this.options.url, options, this.options.onError);
    // After a reconnect Redis knows none of our channels any more.
    subscriber.on('ready', () => {
      const channels = [...this.#listeners.keys()].map((taskId) => this.#channelPrefix + taskId);
      if (channels.length > 0) subscriber.subscribe(...channels).catch((error) => this.#report(error));
    });
    subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => this.#dispatch(channel, message));
    return subscriber;
  }

  async #subscribeTo(subscriber: Redis, channel: string): Promise<void> {
    await ready(subscriber);
    await subscriber.subscribe(channel);
  }

  #dispatch(channel: Buffer, message: Buffer): void {
    const taskId = channel.toString().slice(this.#channelPrefix.length);
    const news = decodeNews(taskId, message);
    if (!news) return;
    for (const listener of [...(this.#listeners.get(taskId) ?? [])]) {
      try {
        listener(news);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #leave(taskId: string, entry: Listener): void {
    const listeners = this.#listeners.get(taskId);
    if (!listeners?.delete(entry) || listeners.size > 0) return;
    this.#listeners.delete(taskId);
    if (this.#subscriber?.status !== 'ready') return;
    this.#subscriber.unsubscribe(this.#channelPrefix + taskId).catch((error) => this.#report(error));
  }

  #report(error: unknown): void {
    this.options.onError(error instanceof Error ? error : new Error(String(error)));
  }
}
