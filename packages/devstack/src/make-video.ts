import type { Terminal } from './terminal.js';
import { VideoJob } from './video-job.js';
import type { VideoOrder } from './video-order.js';

/** Makes one video, shows its progress, saves a copy and prints where everything is. */
export async function makeVideo(
  api: { url: string; key?: string },
  order: VideoOrder,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const since = performance.now();
  terminal.line(`\n${order.title}`);
  const job = await VideoJob.submit(api, order.inputs, signal);
  try {
    const { resultUrl } = await job.finished(({ progress, message }) => terminal.progress(progress, message));
    terminal.progressEnd();
    await job.download(order.out);
    terminal.good(`Finished in ${((performance.now() - since) / 1000).toFixed(1)} s`);
    if (resultUrl) terminal.line(`   Link${order.linkRemark ?? ''}: ${resultUrl}`);
    terminal.line(`   Saved: ${order.out}`);
  } finally {
    terminal.progressEnd();
  }
}
