import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** Prometheus metrics of this worker. */
@Injectable()
export class WorkerMetrics {
  readonly registry = new Registry();
  private readonly runs = new Counter({
    name: 'polyreel_task_runs_total',
    help: 'Runs of tasks by engine and outcome; a retried task counts once per run',
    labelNames: ['engine', 'outcome'],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: 'polyreel_task_run_seconds',
    help: 'Duration of a run from delivery to settlement',
    labelNames: ['engine', 'outcome'],
    buckets: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  observeRun(engine: string, outcome: string, seconds: number): void {
    this.runs.inc({ engine, outcome });
    this.seconds.observe({ engine, outcome }, seconds);
  }
}
