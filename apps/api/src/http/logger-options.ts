import type { ApiSettings } from '@polyreel/config';
import type { Params } from 'nestjs-pino';

const wiringContexts = new Set(['InstanceLoader', 'RouterExplorer', 'RoutesResolver', 'NestFactory']);

/** JSON lines for machines, readable lines in a terminal. Requests are logged by `request-log.ts`. */
export function loggerOptions(settings: Pick<ApiSettings, 'logLevel' | 'logPretty'>): Params {
  return {
    forRoutes: [],
    pinoHttp: {
      level: settings.logLevel,
      autoLogging: false,
      ...(settings.logPretty && { transport: { target: 'pino-pretty', options: { singleLine: true } } }),
      hooks: {
        /** The framework's hundred lines about its own wiring say nothing to an operator. */
        logMethod(inputs, method) {
          const context = (inputs[0] as { context?: string } | undefined)?.context ?? '';
          if (!wiringContexts.has(context)) method.apply(this, inputs);
        },
      },
    },
  };
}
