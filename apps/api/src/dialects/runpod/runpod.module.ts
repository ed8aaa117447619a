import { Module } from '@nestjs/common';
import type { Dialect } from '../../http/dialect.js';
import { RunpodController } from './runpod.controller.js';
import { runpodErrors } from './runpod.errors.js';
import { RunpodJobController } from './runpod.job.controller.js';
import { RunpodJobs } from './runpod.jobs.js';
import { runpodWebhooks } from './runpod.webhook.js';

@Module({ controllers: [RunpodController, RunpodJobController], providers: [RunpodJobs] })
class RunpodModule {}

export const runpod: Dialect = {
  name: 'runpod',
  title: 'RunPod Serverless',
  description:
    'Jobs on endpoints as the RunPod Serverless API and its SDKs speak them, with the input of the InfiniteTalk worker.',
  paths: ['/v2'],
  module: RunpodModule,
  errors: runpodErrors,
  webhooks: runpodWebhooks,
  bodyBytes: ({ runpodRunBytes, runpodRunsyncBytes }) => ({
    '/v2/:endpoint/run': runpodRunBytes,
    '/v2/:endpoint/runsync': runpodRunsyncBytes,
  }),
};
