"""How far a job is and how long it will still take, by the steps and frames it has done so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from polyreel_inference.host.engine import Reporter

_LOADING_UNTIL = 0.02
_DECODED_AT = 0.99
"""Shares of a job: after the first, prompt and pictures are encoded; after the second, the file is left."""

_DENOISING_SHARE = 0.9
"""Part of a chunk's time that denoising takes; the rest is decoding and encoding."""


@dataclass(frozen=True)
class Workload:
    """All a job will do: `steps` denoising steps for each chunk of the video.

    `chunk_frames` are the frames that each chunk adds to the video, `frame_pixels` the pixels of one.
    """

    steps: int
    chunk_frames: tuple[int, ...]
    frame_pixels: int

    @property
    def chunks(self) -> int:
        """How many chunks there are, at least 1."""
        return len(self.chunk_frames)

    @property
    def frames(self) -> int:
        """Frames of the whole video."""
        return sum(self.chunk_frames)


class DecodingPace:
    """How fast this machine decoded the last video; outlives jobs, so that the next one can be estimated."""

    def __init__(self) -> None:
        self._seconds_per_pixel: float | None = None

    def learn(self, seconds: float, pixels: int) -> None:
        """Remember that so many pixels of video took so long."""
        self._seconds_per_pixel = seconds / pixels

    def seconds(self, pixels: int) -> float | None:
        """Expected time for so many pixels of video, None before anything was learnt."""
        return None if self._seconds_per_pixel is None else self._seconds_per_pixel * pixels


class JobProgress:
    """Tells the reporter of one job; every method raises `Cancelled` once the job is cancelled."""

    def __init__(
        self,
        reporter: Reporter,
        workload: Workload,
        pace: DecodingPace,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reporter, self._workload, self._pace, self._clock = reporter, workload, pace, clock
        self._step_began: float | None = None
        self._step_seconds: list[float] = []
        self._decoding_began: float | None = None
        self._decoded = 0
        self._chunk = 0

    def loading(self) -> None:
        """Prompt and pictures are read."""
        self._reporter.progress("loading", 0.0, message="Reading the prompt")

    def step(self, done: int) -> None:
        """Before a denoising step: so many are done, counted over all chunks."""
        now, work = self._clock(), self._workload
        self._chunk, in_chunk = divmod(done, work.steps)
        if in_chunk > 0 and self._step_began is not None:
            self._step_seconds.append(now - self._step_began)
        self._step_began = now
        self._decoding_began = None
        left = work.chunks * work.steps - done
        self._reporter.progress(
            "generating",
            self._share(_DENOISING_SHARE * in_chunk / work.steps),
            **self._place(),
            step=in_chunk,
            steps=work.steps,
            message=f"Denoising step {in_chunk + 1} of {work.steps}",
            remaining_seconds=self._remaining(left, work.frames - self._decoded),
        )

    def decoded(self, frames: int) -> None:
        """So many frames of the video are decoded and handed to the encoder, counted over all chunks."""
        now, work = self._clock(), self._workload
        before = sum(work.chunk_frames[: self._chunk])
        if self._decoding_began is None:
            # The first frames carry the end of the last step; their time says nothing about the others.
            self._decoding_began, self._counted_from = now, frames
        elif frames > self._counted_from:
            pixels = (frames - self._counted_from) * work.frame_pixels
            self._pace.learn(now - self._decoding_began, pixels)
        self._decoded = frames
        inner = (frames - before) / work.chunk_frames[self._chunk]
        steps_left = (work.chunks - self._chunk - 1) * work.steps
        self._reporter.progress(
            "encoding",
            self._share(_DENOISING_SHARE + (1 - _DENOISING_SHARE) * inner),
            **self._place(),
            step=work.steps,
            steps=work.steps,
            message=f"Frame {frames} of {work.frames}",
            remaining_seconds=self._remaining(steps_left, work.frames - frames),
        )

    def _place(self) -> dict[str, int]:
        if self._workload.chunks == 1:
            return {}
        return {"chunk": self._chunk + 1, "chunks": self._workload.chunks}

    def _share(self, of_chunk: float) -> float:
        done = (self._chunk + of_chunk) / self._workload.chunks
        return _LOADING_UNTIL + (_DECODED_AT - _LOADING_UNTIL) * done

    def _remaining(self, steps: int, frames: int) -> float | None:
        """Seconds for so many steps and frames, None before a step was measured."""
        if not self._step_seconds:
            return None
        # The first step also warms up: kernels are chosen, memory is taken.
        measured = self._step_seconds[1:] or self._step_seconds
        step = sum(measured) / len(measured)
        work = self._workload
        decoding = self._pace.seconds(frames * work.frame_pixels)
        if decoding is None:
            # Decoding a chunk takes about as long as one of its steps.
            decoding = step * frames / work.chunk_frames[0]
        return steps * step + decoding
