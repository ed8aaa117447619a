"""`bench latentsync`: the whole measurement, from options to a report."""

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

import torch
from diffusers import AutoencoderKL

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.errors import DeviceUnavailable
from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.vae.channels_last import store_channels_last
from polyreel_inference.engines.latentsync.batching import chunks_for
from polyreel_inference.engines.latentsync.bench.arithmetic import arithmetic_table
from polyreel_inference.engines.latentsync.bench.figures import TABLE_HEAD, Figures
from polyreel_inference.engines.latentsync.bench.options import Setting, add_options
from polyreel_inference.engines.latentsync.checkpoint.loading import CUDA_DTYPE, Networks
from polyreel_inference.engines.latentsync.network.unet import UNet
from polyreel_inference.engines.latentsync.network.unet_sizes import UNetSizes
from polyreel_inference.engines.latentsync.pictures.fixed_mask import keep_mask
from polyreel_inference.engines.latentsync.synthesis.chunk import JobNoise, SynthesisRequest
from polyreel_inference.engines.latentsync.synthesis.chunk_synthesizer import ChunkSynthesizer
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.parallel.gate import SingleGate
from polyreel_inference.parallel.mesh import Mesh, open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving.bench.news import tell
from polyreel_inference.serving.bench.random_modules import random_module
from polyreel_inference.serving.bench.stopwatch import seconds

PUBLISHED_AUTOENCODER: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
"""Sizes of sd-vae-ft-mse in the words of diffusers."""

_PUBLISHED_SIDES = (256, 512)
_TOKENS = 50


class LatentSyncBenchmark:
    """Measures LatentSync with random weights; under torchrun every rank takes part and rank 0 reports.

    `unet` and `autoencoder` are the sizes of the model, by default the published ones.
    """

    def __init__(
        self, unet: UNetSizes | None = None, autoencoder: dict[str, Any] = PUBLISHED_AUTOENCODER
    ) -> None:
        self._unet, self._autoencoder = unet or UNetSizes(), autoencoder

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the options of `bench latentsync`."""
        add_options(parser)

    def run(self, options: Namespace) -> None:
        """Measure and print. Raises `UnusableOptions` for what cannot be measured here."""
        if options.arithmetic:
            sys.stdout.write(arithmetic_table(self._unet, self._autoencoder, _PUBLISHED_SIDES) + "\n")
            return
        setting = Setting.of(options)
        try:
            ranks = Ranks.from_environment(os.environ)
            backend = open_backend(
                options.device,
                local_rank=ranks.local_rank,
                attention=options.attention,
                dtype=None if options.dtype is None else getattr(torch, options.dtype),
                cuda_dtype=CUDA_DTYPE,
            )
            mesh = open_mesh(backend, ranks, ranks.size)
        except (DeviceUnavailable, ValueError) as error:
            raise UnusableOptions(str(error)) from error
        figures = self._measure(setting, backend, mesh)
        if ranks.is_leader:
            sys.stdout.write(f"{figures.as_text()}\n\n{TABLE_HEAD}\n{figures.as_table_row()}\n")
            if options.json is not None:
                options.json.write_text(figures.as_json(), encoding="utf-8")
        mesh.close()

    def _measure(self, setting: Setting, backend: Backend, mesh: Mesh) -> Figures:
        synthesizer = ChunkSynthesizer(
            self._networks(backend),
            torch.tensor(keep_mask(setting.resolution)),
            backend,
            mesh,
            batch=setting.batch or chunks_for(backend, setting.resolution),
        )
        request = self._request(setting, synthesizer.chunks_at_once)
        gate = SingleGate(lambda _: None)
        rounds, times = setting.warm_up + setting.rounds, []
        for number in range(rounds):
            if mesh.ranks.is_leader:
                tell(f"round {number + 1} of {rounds}")
            if number == setting.warm_up:
                backend.reset_peak_memory()
            times.append(seconds(backend, lambda: synthesizer.run(request, gate)))
        return Figures(
            resolution=setting.resolution,
            frames=setting.frames,
            chunks=len(request.chunks),
            steps=setting.settings.steps,
            guidance_scale=setting.settings.guidance_scale,
            deep_cache=setting.settings.cache_interval > 1,
            device=backend.description,
            dtype=str(backend.dtype).removeprefix("torch."),
            attention=backend.kernel.name,
            ranks=mesh.ranks.size,
            round_seconds=tuple(times[setting.warm_up :]),
            peak_memory_bytes=backend.peak_memory_bytes(),
        )

    def _networks(self, backend: Backend) -> Networks:
        unet = random_module(lambda: UNet(self._unet, backend.attention), backend.device, backend.dtype)
        autoencoder: AutoencoderKL = random_module(
            lambda: AutoencoderKL(**self._autoencoder), backend.device, backend.dtype
        )
        if backend.name == "cuda":
            store_channels_last(autoencoder)
        return Networks(unet, autoencoder)

    def _request(self, setting: Setting, chunks: int) -> SynthesisRequest:
        torch.manual_seed(0)
        noise = JobNoise(0, setting.resolution)
        size = (setting.frames, 3, setting.resolution, setting.resolution)
        made = [
            noise.chunk(
                torch.randint(0, 256, size, dtype=torch.uint8),
                torch.randn(setting.frames, _TOKENS, self._unet.cross_attention_dim),
            )
            for _ in range(chunks)
        ]
        return SynthesisRequest(made, noise.noise, setting.settings)
