import { Module } from '@nestjs/common';
import type { Dialect } from '../../http/dialect.js';
import { OpeaVideosController } from './opea-videos.controller.js';
import { opeaVideosErrors } from './opea-videos.errors.js';
import { opeaVideosWebhooks } from './opea-videos.webhook.js';

@Module({ controllers: [OpeaVideosController] })
class OpeaVideosModule {}

export const opeaVideos: Dialect = {
  name: 'opea-videos',
  title: 'Videos (OPEA and OpenAI)',
  description:
    "Talking videos, text to video and image to video as the OPEA text2video service speaks them, and OpenAI's words for OpenAI's SDKs.",
  paths: ['/v1/videos', '/v1/health_check', '/v1/statistics', '/openai'],
  module: OpeaVideosModule,
  errors: opeaVideosErrors,
  webhooks: opeaVideosWebhooks,
};
