import { Module } from '@nestjs/common';
import { dialects } from '../dialects/index.js';
import { DialectWebhookComposer } from './dialect-webhook-composer.js';
import { DIALECTS } from './tokens.js';
import { WebhooksService } from './webhooks.service.js';

@Module({
  providers: [{ provide: DIALECTS, useValue: dialects }, DialectWebhookComposer, WebhooksService],
})
export class WebhooksModule {}
