import { Module } from '@nestjs/common';
import type { Dialect } from '../../http/dialect.js';
import { LightX2VController } from './lightx2v.controller.js';
import { lightx2vErrors } from './lightx2v.errors.js';

@Module({ controllers: [LightX2VController] })
class LightX2VModule {}

export const lightx2v: Dialect = {
  name: 'lightx2v',
  title: 'LightX2V and InfiniteTalk',
  description:
    'Talking videos, text to video and image to video as the LightX2V server and its InfiniteTalk variant speak them.',
  paths: ['/v1/tasks', '/v1/files', '/v1/service', '/v1/images', '/lightx2v'],
  module: LightX2VModule,
  errors: lightx2vErrors,
};
