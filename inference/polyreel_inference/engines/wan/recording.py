"""From decoded frames to the files of a job, a few frames at a time."""

from collections.abc import Iterator

from torch import Tensor

from polyreel_inference.diffusion.vae.pictures import pictures
from polyreel_inference.engines.wan.plan import Plan
from polyreel_inference.host.engine import Job, Reporter
from polyreel_inference.media.image import encode_jpeg
from polyreel_inference.media.video_writer import VideoWriter
from polyreel_inference.serving.progress import JobProgress

# Generated detail is dear: finer than the writer's usual, and still far faster than any model.
_QUALITY, _PRESET = 18, "medium"


def record(frames: Iterator[Tensor], plan: Plan, job: Job, reporter: Reporter, progress: JobProgress) -> None:
    """Write the frames, float [n, 3, height, width] in -1..1, to the result while they come; add a poster."""
    video, poster = job.workspace / "result.mp4", job.workspace / "poster.jpg"
    with VideoWriter(video, plan.width, plan.height, plan.fps, crf=_QUALITY, preset=_PRESET) as writer:
        for group in frames:
            for picture in pictures(group):
                if writer.frames == 0:
                    poster.write_bytes(encode_jpeg(picture, quality=88))
                writer.write(picture)
            progress.decoded(writer.frames)
    reporter.output("result", "video/mp4", video)
    reporter.output("poster", "image/jpeg", poster)
