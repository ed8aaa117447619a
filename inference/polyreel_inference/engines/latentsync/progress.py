"""How far a lip-sync is and how long it will still take, by the steps and frames done so far."""

import time
from collections.abc import Callable

from polyreel_inference.host.engine import Reporter, Stage

_LOADING_UNTIL = 0.02
_WRITTEN_AT = 0.99
"""Shares of a job: after the first, sound and first faces are read; after the second, files are finished."""

_DENOISING_SHARE = 0.9
"""Part of a frame's work that denoising is; the rest is pasting and encoding."""


class SyncProgress:
    """Tells the reporter of one job; every method raises `Cancelled` once the job is cancelled.

    The video of `frames` frames is made in groups of `group_frames`, of which the last may have fewer. While
    one is denoised, frames of the group before it are written.
    """

    def __init__(
        self,
        reporter: Reporter,
        frames: int,
        group_frames: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reporter, self._frames, self._group_frames, self._clock = reporter, frames, group_frames, clock
        self._denoised = 0.0
        self._written = 0
        self._denoises = False
        self._began: tuple[float, float] | None = None

    def step(self, first: int, done: int, steps: int) -> None:
        """Before a denoising step of the group that begins at frame `first`: `done` of `steps` are done."""
        self._denoises = True
        self._denoised = first + self._length(first) * done / steps
        self._tell("generating", first, f"Denoising step {done + 1} of {steps}", done, steps)

    def denoised(self, first: int) -> None:
        """The group that begins at frame `first` is denoised."""
        self._denoises = False
        self._denoised = first + self._length(first)

    def written(self, frames: int) -> None:
        """So many frames of the video, counted from its start, are encoded.

        Not reported between the steps of a group, whose number and steps say more.
        """
        self._written = frames
        self._denoised = max(self._denoised, frames)
        if not self._denoises:
            self._tell("encoding", frames - 1, f"Frame {frames} of {self._frames}")

    def _length(self, first: int) -> int:
        return min(self._group_frames, self._frames - first)

    def _tell(self, stage: Stage, frame: int, message: str, step: int = 0, steps: int = 0) -> None:
        done = _DENOISING_SHARE * self._denoised + (1 - _DENOISING_SHARE) * self._written
        chunks = -(-self._frames // self._group_frames)
        self._reporter.progress(
            stage,
            _LOADING_UNTIL + (_WRITTEN_AT - _LOADING_UNTIL) * done / self._frames,
            step=step,
            steps=steps,
            chunk=frame // self._group_frames + 1 if chunks > 1 else 0,
            chunks=chunks if chunks > 1 else 0,
            message=message,
            remaining_seconds=self._remaining(done),
        )

    def _remaining(self, done: float) -> float | None:
        """Seconds for the frames that are left, at the pace so far; None before anything was done."""
        now = self._clock()
        if self._began is None:
            self._began = now, done
        moment, already = self._began
        if done <= already:
            return None
        return (now - moment) / (done - already) * (self._frames - done)
