import { Controller, Get, HttpCode, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Dependency } from '../tasks/tasks.module.js';
import { DEPENDENCIES } from '../tasks/tokens.js';

/** Milliseconds after which a dependency counts as away. */
const CHECK_TIMEOUT = 2_000;

@ApiExcludeController()
@Controller('health')
export class HealthController {
  constructor(@Inject(DEPENDENCIES) private readonly dependencies: readonly Dependency[]) {}

  /** For clients of the originals: the process answers. */
  @Get()
  @HttpCode(200)
  health(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('live')
  @HttpCode(200)
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 when tasks can be taken, 503 with the missing parts otherwise. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const checks = await Promise.all(
      this.dependencies.map(async (dependency) => [dependency.name, await answers(dependency)] as const),
    );
    const ready = checks.every(([, ok]) => ok);
    void reply.status(ready ? 200 : 503);
    return {
      status: ready ? 'ok' : 'unavailable',
      checks: Object.fromEntries(checks.map(([name, ok]) => [name, ok ? 'ok' : 'away'])),
    };
  }
}

async function answers(dependency: Dependency): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), CHECK_TIMEOUT)));
  const check = dependency.check().then(
    () => true,
    () => false,
  );
  return Promise.race([check, timeout]).finally(() => clearTimeout(timer));
}
