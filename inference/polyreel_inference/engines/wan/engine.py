"""The Wan engine: text to video and image to video with Wan 2.1 and 2.2, on one device or several."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.engines.wan.loading import ModelLoader
from polyreel_inference.engines.wan.models import WanModel, open_models
from polyreel_inference.engines.wan.options import WanOptions, add_options
from polyreel_inference.engines.wan.parameters import describe_model
from polyreel_inference.engines.wan.pipeline import Denoise, WanPipeline
from polyreel_inference.engines.wan.plan import Plan, plan_job
from polyreel_inference.engines.wan.recording import record
from polyreel_inference.engines.wan.request import video_request
from polyreel_inference.host.engine import Job, Model, Reporter
from polyreel_inference.parallel.gate import Check, Gate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving.compiling import check_compiling
from polyreel_inference.serving.opening import open_device, open_ranks
from polyreel_inference.serving.progress import DecodingPace, JobProgress
from polyreel_inference.serving.team_engine import TeamEngine


@dataclass(frozen=True)
class Order:
    """What all ranks do for a fragment of a video: denoise by the model of this name."""

    model: str
    request: DenoiseRequest


class WanEngine(TeamEngine):
    """Rank 0 alone has the encoders and the autoencoder."""

    name = "wan"

    def __init__(
        self, options: WanOptions, models: Sequence[WanModel], backend: Backend, ranks: Ranks
    ) -> None:
        super().__init__(backend, ranks)
        self._options = options
        self._models = {model.offer.name: model for model in models}
        self._denoisers: dict[str, Denoiser] = {}
        self._pipelines: dict[str, WanPipeline] = {}
        self._paces = {name: DecodingPace() for name in self._models}

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """See `Engine.add_options`."""
        add_options(parser)

    @classmethod
    def from_options(cls, options: Namespace) -> Self:
        """See `Engine.from_options`."""
        chosen = WanOptions.of(options)
        ranks = open_ranks(chosen, os.environ)
        models, backend = open_models(chosen), open_device(chosen, ranks)
        if chosen.compile:
            moved_by = "--offload blocks" if chosen.offload == "blocks" else ""
            check_compiling(backend, ranks, os.environ, moved_by=moved_by)
        return cls(chosen, models, backend, ranks)

    def models(self) -> tuple[Model, ...]:
        """See `TeamEngine.models`."""
        return tuple(describe_model(model.offer) for model in self._models.values())

    def connect(self) -> Mesh:
        """See `TeamEngine.connect`."""
        options = self._options
        return open_mesh(self._backend, self._ranks, options.ulysses_size, options.guidance_size)

    def load_weights(self, mesh: Mesh) -> None:
        """See `TeamEngine.load_weights`."""
        loader = ModelLoader(self._backend, mesh, self._options)
        for name, model in self._models.items():
            self._denoisers[name] = loader.denoiser(model)
            if self._ranks.is_leader:
                self._pipelines[name] = loader.pipeline(model, self._denoise_by(name))

    def forget_weights(self) -> None:
        """See `TeamEngine.forget_weights`."""
        self._pipelines.clear()
        self._denoisers.clear()

    def resolve(self, job: Job) -> dict[str, Any]:
        """See `Engine.resolve`."""
        return self._plan(job).resolved()

    def work(self, order: Order, gate: Gate) -> Tensor:
        """Denoise a fragment."""
        return self._denoisers[order.model].run(order.request, gate)

    def make(self, job: Job, reporter: Reporter) -> str:
        """See `TeamEngine.make`."""
        plan = self._plan(job)
        progress = JobProgress(reporter, plan.workload, self._paces[job.model])
        progress.loading()
        pipeline = self._pipelines[job.model]
        with closing(pipeline.frames(video_request(job, plan), progress.step)) as frames:
            record(frames, plan, job, reporter, progress)
        remarks = plan.remarks()
        for name, text in plan.texts().items():
            if unread := pipeline.unread_tokens(text):
                remarks.append(f"The {name} is too long: its last {unread} tokens were not read.")
        return " ".join(remarks)

    def _plan(self, job: Job) -> Plan:
        return plan_job(job, self._models[job.model].offer)

    def _denoise_by(self, model: str) -> Denoise:
        def denoise(request: DenoiseRequest, check: Check) -> Tensor:
            latents: Tensor = self.on_all_ranks(Order(model, request), check)
            return latents

        return denoise
