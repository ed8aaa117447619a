import { Module } from '@nestjs/common';
import type { Dialect } from '../../http/dialect.js';
import { LatentSyncController } from './latentsync.controller.js';
import { latentsyncErrors } from './latentsync.errors.js';

@Module({ controllers: [LatentSyncController] })
class LatentSyncModule {}

export const latentsync: Dialect = {
  name: 'latentsync',
  title: 'LatentSync',
  description: 'Lip-sync of an existing video to new speech, as the LatentSync API speaks it.',
  paths: ['/sync', '/task', '/queue', '/results'],
  module: LatentSyncModule,
  errors: latentsyncErrors,
};
