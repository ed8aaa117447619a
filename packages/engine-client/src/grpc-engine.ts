import { credentials, Metadata, type ChannelCredentials, type ClientOptions } from '@grpc/grpc-js';
import type { Engine, EngineDescription, EngineEvent, EngineJob } from '@polyreel/core';
import { readDescription } from './description-reader.js';
import { generationEvents } from './generation-call.js';
import type { DescribeResponse } from './generated/polyreel/engine/v1/description.js';
import { EngineServiceClient } from './generated/polyreel/engine/v1/engine_service.js';
import { taskErrorOf } from './status-table.js';

export interface GrpcEngineOptions {
  /** Absent: plain text, for engines on loopback or a private network. */
  readonly tls?: EngineTls;
  /** Seconds an engine may leave a ping unanswered while a job runs, before and after the ping. Absent: 20 and 10. */
  readonly keepalive?: { readonly afterSeconds: number; readonly timeoutSeconds: number };
}

/** PEM texts. */
export interface EngineTls {
  /** Absent: the certificate authorities of the system. */
  readonly rootCertificates?: string;
  /** Our own certificate and key, for engines that want one. */
  readonly client?: { readonly certificate: string; readonly privateKey: string };
}

/** Milliseconds within which an engine describes itself. */
const describeDeadline = 5_000;

/** An engine behind `polyreel.engine.v1`, at `host:port` or `unix:/path`. */
export class GrpcEngine implements Engine {
  readonly #client: EngineServiceClient;

  constructor(
    readonly address: string,
    options: GrpcEngineOptions = {},
  ) {
    this.#client = new EngineServiceClient(address, credentialsOf(options.tls), channelOptions(options));
  }

  describe(): Promise<EngineDescription> {
    return new Promise<DescribeResponse>((resolve, reject) => {
      const deadline = Date.now() + describeDeadline;
      this.#client.describe({}, new Metadata(), { deadline }, (error, response) => {
        if (error) reject(taskErrorOf(error, 'before-accepted'));
        else resolve(response);
      });
    }).then(readDescription);
  }

  generate(job: EngineJob, signal: AbortSignal): AsyncIterable<EngineEvent> {
    return {
      [Symbol.asyncIterator]: () => {
        const left = new AbortController();
        const ended = AbortSignal.any([signal, left.signal]);
        const events = generationEvents(() => this.#client.generate(), job, ended);
        return {
          next: () => events.next(),
          // A generator alone would wait for a pending `next` before it noticed.
          return: () => {
            left.abort();
            return events.return(undefined);
          },
        };
      },
    };
  }

  close(): void {
    this.#client.close();
  }
}

function credentialsOf(tls: EngineTls | undefined): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  return credentials.createSsl(
    pem(tls.rootCertificates),
    pem(tls.client?.privateKey),
    pem(tls.client?.certificate),
  );
}

function channelOptions({ keepalive }: GrpcEngineOptions): ClientOptions {
  return {
    'grpc.keepalive_time_ms': (keepalive?.afterSeconds ?? 20) * 1_000,
    'grpc.keepalive_timeout_ms': (keepalive?.timeoutSeconds ?? 10) * 1_000,
    // An engine that restarts is found again within seconds.
    'grpc.initial_reconnect_backoff_ms': 500,
    'grpc.max_reconnect_backoff_ms': 5_000,
    // A job must never be started twice behind our back; retries would also keep its inputs in memory.
    'grpc.enable_retries': 0,
    // Engines are ours; a proxy for the internet must not come between.
    'grpc.enable_http_proxy': 0,
  };
}
