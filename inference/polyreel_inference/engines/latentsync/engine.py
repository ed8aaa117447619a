"""The LatentSync engine: existing videos speak new words, on one device or several."""

import logging
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.engines.latentsync.batching import chunks_for
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import CUDA_DTYPE, load_networks, load_whisper
from polyreel_inference.engines.latentsync.faces.landmark_source import LandmarkSource
from polyreel_inference.engines.latentsync.landmark_choice import landmarks_by
from polyreel_inference.engines.latentsync.lipsync import Lipsync, Studio
from polyreel_inference.engines.latentsync.options import LatentSyncOptions, add_options
from polyreel_inference.engines.latentsync.parameters import describe_model
from polyreel_inference.engines.latentsync.pictures.fixed_mask import keep_mask
from polyreel_inference.engines.latentsync.plan import plan_job
from polyreel_inference.engines.latentsync.synthesis.chunk import SynthesisRequest
from polyreel_inference.engines.latentsync.synthesis.chunk_synthesizer import ChunkSynthesizer
from polyreel_inference.host.engine import Job, Model, Reporter, UnusableOptions
from polyreel_inference.host.errors import ErrorCode
from polyreel_inference.parallel.gate import Gate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving.failures import explained
from polyreel_inference.serving.opening import open_device
from polyreel_inference.serving.team_engine import TeamEngine, loaded

_logger = logging.getLogger("polyreel")


class LatentSyncEngine(TeamEngine):
    """Rank 0 alone listens and looks for faces."""

    name = "latentsync"
    advice = "ask for a guidance scale of 1 or less, which halves what is computed at a time"

    def __init__(
        self,
        options: LatentSyncOptions,
        folder: LatentSyncFolder,
        backend: Backend,
        ranks: Ranks,
        landmarks: Callable[[], LandmarkSource],
    ) -> None:
        super().__init__(backend, ranks)
        self._options, self._folder = options, folder
        self._open_landmarks = landmarks
        self._synthesizer: ChunkSynthesizer | None = None
        self._studio: Studio | None = None
        self._batch = 1

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """See `Engine.add_options`."""
        add_options(parser)

    @classmethod
    def from_options(cls, options: Namespace) -> Self:
        """See `Engine.from_options`."""
        chosen = LatentSyncOptions.of(options)
        try:
            ranks = Ranks.from_environment(os.environ)
            folder = LatentSyncFolder.open(chosen.checkpoint)
        except (ValueError, WeightsError) as error:
            raise UnusableOptions(str(error)) from error
        backend = open_device(chosen, ranks, cuda_dtype=CUDA_DTYPE)
        return cls(chosen, folder, backend, ranks, landmarks_by(chosen.landmarks))

    def models(self) -> tuple[Model, ...]:
        """See `TeamEngine.models`."""
        return (describe_model(self._options.offer),)

    def connect(self) -> Mesh:
        """Connect the ranks, which share no chunk: each makes some of them."""
        return open_mesh(self._backend, self._ranks, ulysses_size=self._ranks.size)

    def load_weights(self, mesh: Mesh) -> None:
        """See `TeamEngine.load_weights`."""
        resolution = self._folder.resolution
        self._batch = self._options.batch or chunks_for(self._backend, resolution)
        self._synthesizer = ChunkSynthesizer(
            load_networks(self._folder, self._backend),
            torch.tensor(keep_mask(resolution)),
            self._backend,
            mesh,
            batch=self._batch,
        )
        if self._ranks.is_leader:
            self._studio = Studio(
                load_whisper(self._folder),
                self._open_landmarks(),
                resolution,
                self._synthesizer.chunks_at_once,
                self._synthesize,
            )

    def forget_weights(self) -> None:
        """See `TeamEngine.forget_weights`."""
        if self._studio is not None:
            self._studio.landmarks.close()
        self._synthesizer = self._studio = None

    def resolve(self, job: Job) -> dict[str, Any]:
        """See `Engine.resolve`."""
        return plan_job(job).resolved()

    def work(self, order: SynthesisRequest, gate: Gate) -> list[Tensor]:
        """Make this rank's chunks, and collect those of all."""
        return loaded(self._synthesizer).run(order, gate)

    def make(self, job: Job, reporter: Reporter) -> str:
        """See `TeamEngine.make`."""
        Lipsync(plan_job(job), job, reporter, loaded(self._studio)).make()
        return ""

    def _synthesize(self, request: SynthesisRequest, before_step: Callable[[int, int], None]) -> list[Tensor]:
        """Make the chunks, and ever fewer of them together as long as the memory does not suffice."""
        while True:
            sized = replace(request, batch=self._batch)
            steps = loaded(self._synthesizer).rounds(sized) * request.settings.steps
            try:
                made: list[Tensor] = self.on_all_ranks(sized, partial(_report, before_step, steps))
            except Exception as error:
                answer = explained(error, self._backend, self.advice)
                if answer is None:
                    raise
                if answer.code != ErrorCode.OUT_OF_MEMORY or self._batch == 1:
                    raise answer from error
            else:
                return made
            self._batch //= 2
            _logger.warning("from now on at most %d chunks are computed together", self._batch)


def _report(before_step: Callable[[int, int], None], steps: int, done: int) -> None:
    before_step(done, steps)
