"""The InfiniteTalk engine: talking videos of any length, on one device or several."""

import os
from argparse import ArgumentParser, Namespace
from contextlib import closing
from typing import Any, Self

import torch
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.engines.infinitetalk.listening import Listening
from polyreel_inference.engines.infinitetalk.loading import InfiniteTalkLoader, LoadSettings
from polyreel_inference.engines.infinitetalk.model import InfiniteTalkModel
from polyreel_inference.engines.infinitetalk.offer import Offer, offer_of
from polyreel_inference.engines.infinitetalk.opening import check_compiling, open_model
from polyreel_inference.engines.infinitetalk.options import InfiniteTalkOptions, add_options
from polyreel_inference.engines.infinitetalk.parameters import describe_model
from polyreel_inference.engines.infinitetalk.pipeline.infinitetalk_pipeline import InfiniteTalkPipeline
from polyreel_inference.engines.infinitetalk.plan import plan_job
from polyreel_inference.engines.infinitetalk.recording import Recording
from polyreel_inference.engines.infinitetalk.request import RequestBuilder
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest
from polyreel_inference.host.engine import Job, Model, Reporter
from polyreel_inference.parallel.gate import Gate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving.opening import open_device, open_ranks
from polyreel_inference.serving.progress import DecodingPace, JobProgress, Workload
from polyreel_inference.serving.team_engine import TeamEngine, loaded

_VAE_DTYPES = {"auto": None, "bfloat16": torch.bfloat16, "float32": torch.float32}


class InfiniteTalkEngine(TeamEngine):
    """Rank 0 alone has the encoders and the autoencoder."""

    name = "infinitetalk"

    def __init__(
        self, options: InfiniteTalkOptions, model: InfiniteTalkModel, backend: Backend, ranks: Ranks
    ) -> None:
        super().__init__(backend, ranks)
        self._options, self._model = options, model
        self._offer: Offer = offer_of(options)
        self._pace = DecodingPace()
        self._denoiser: ChunkDenoiser | None = None
        self._pipeline: InfiniteTalkPipeline | None = None
        self._requests: RequestBuilder | None = None

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """See `Engine.add_options`."""
        add_options(parser)

    @classmethod
    def from_options(cls, options: Namespace) -> Self:
        """See `Engine.from_options`."""
        chosen = InfiniteTalkOptions.of(options)
        ranks = open_ranks(chosen, os.environ)
        model, backend = open_model(chosen), open_device(chosen, ranks)
        check_compiling(chosen, backend, ranks, os.environ)
        return cls(chosen, model, backend, ranks)

    def models(self) -> tuple[Model, ...]:
        """See `TeamEngine.models`."""
        return (describe_model(self._offer),)

    def connect(self) -> Mesh:
        """See `TeamEngine.connect`."""
        options = self._options
        return open_mesh(
            self._backend,
            self._ranks,
            options.ulysses_size,
            options.guidance_size,
            shared_weights=options.shard_transformer,
        )

    def load_weights(self, mesh: Mesh) -> None:
        """See `TeamEngine.load_weights`."""
        options = self._options
        settings = LoadSettings(
            offload=options.offload,
            quantize=options.quantize,
            vae_dtype=_VAE_DTYPES[options.vae_dtype],
            compile=options.compile,
        )
        loader = InfiniteTalkLoader(self._backend, mesh, settings)
        self._denoiser = loader.denoiser(self._model)
        if self._ranks.is_leader:
            self._pipeline = InfiniteTalkPipeline(loader.networks(self._model), self.on_all_ranks)
            self._requests = RequestBuilder(loader.speech_encoder(self._model), self._offer)

    def forget_weights(self) -> None:
        """See `TeamEngine.forget_weights`."""
        self._denoiser = self._pipeline = self._requests = None

    def resolve(self, job: Job) -> dict[str, Any]:
        """See `Engine.resolve`."""
        return plan_job(job, self._offer).resolved()

    def work(self, order: ChunkRequest, gate: Gate) -> Tensor:
        """Denoise a chunk."""
        return loaded(self._denoiser).run(order, gate)

    def make(self, job: Job, reporter: Reporter) -> str:
        """See `TeamEngine.make`."""
        plan, pipeline = plan_job(job, self._offer), loaded(self._pipeline)
        request, sound = loaded(self._requests).build(plan, job, Listening(reporter).check)
        workload = Workload(plan.sampling.steps, request.chunk_frames, plan.size.width * plan.size.height)
        progress = JobProgress(reporter, workload, self._pace)
        progress.loading()
        recording = Recording(workload.frames, plan.shown, plan.fps, sound, job.workspace)

        def before_step(done: int) -> None:
            recording.listen()
            progress.step(done)

        with closing(pipeline.generate(request, before_step)) as frames:
            recording.record(frames, reporter, progress)
        remarks = plan.remarks()
        if unread := pipeline.unread_tokens(plan.prompt):
            remarks.append(f"The prompt is too long: its last {unread} tokens were not read.")
        return " ".join(remarks)
