import type { ApiSettings } from '@polyreel/config';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';

/** Probes and metrics would drown everything else. */
const quietPaths = /^\/(health|metrics)/;

const wiringContexts = new Set(['InstanceLoader', 'RouterExplorer', 'RoutesResolver', 'NestFactory']);

/** JSON lines for machines, readable lines in a terminal; never keys, cookies, queries or bodies. */
export function loggerOptions(settings: Pick<ApiSettings, 'logLevel' | 'logPretty'>): Params {
  return {
    pinoHttp: {
      level: settings.logLevel,
      ...(settings.logPretty && { transport: { target: 'pino-pretty', options: { singleLine: true } } }),
      autoLogging: { ignore: (request) => quietPaths.test(request.url ?? '') },
      serializers: {
        req: (request: { id: unknown; method: string; url: string }) => ({
          id: request.id,
          method: request.method,
          path: request.url.split('?', 1)[0],
        }),
        res: (response: { statusCode: number }) => ({ status: response.statusCode }),
      },
      hooks: {
        /** The framework's hundred lines about its own wiring say nothing to an operator. */
        logMethod(inputs, method) {
          const context = (inputs[0] as { context?: string } | undefined)?.context ?? '';
          if (!wiringContexts.has(context)) method.apply(this, inputs);
        },
      },
      customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
        error || response.statusCode >= 500 ? 'error' : 'info',
    },
  };
}
