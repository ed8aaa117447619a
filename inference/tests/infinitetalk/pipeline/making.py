"""Pipelines on the tiny model, and small videos made by them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.infinitetalk.loading import InfiniteTalkLoader, LoadSettings
from polyreel_inference.engines.infinitetalk.model import InfiniteTalkModel
from polyreel_inference.engines.infinitetalk.pipeline.infinitetalk_pipeline import (
    Frames,
    InfiniteTalkPipeline,
)
from polyreel_inference.engines.infinitetalk.pipeline.networks import Networks
from polyreel_inference.engines.infinitetalk.pipeline.takes import plan_takes
from polyreel_inference.engines.infinitetalk.pipeline.talk_request import TalkRequest
from polyreel_inference.engines.infinitetalk.reference.source import ReferenceSource, StillReference
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest, Sampling
from polyreel_inference.parallel.gate import Check, SingleGate
from polyreel_inference.parallel.mesh import Mesh
from tests.checkpoints.infinitetalk import InfiniteTalkFiles
from tests.infinitetalk.golden_inputs import NEGATIVE_PROMPT, PROMPT, embedding, picture

CHUNK_FRAMES, MOTION_FRAMES = 9, 5


@dataclass(frozen=True)
class Loaded:
    """What one process has in memory."""

    networks: Networks
    denoiser: ChunkDenoiser

    def denoise(self, request: ChunkRequest, check: Check) -> Tensor:
        """What a team of one process does."""
        return self.denoiser.run(request, SingleGate(check))

    @property
    def pipeline(self) -> InfiniteTalkPipeline:
        """A pipeline in one process."""
        return InfiniteTalkPipeline(self.networks, self.denoise)


def load(
    files: InfiniteTalkFiles,
    name: str = "single",
    settings: LoadSettings | None = None,
    backend: Backend | None = None,
) -> Loaded:
    """Load the checkpoint "single" or "multi", on the CPU unless another device is given."""
    model = InfiniteTalkModel.open(files.base, [getattr(files, name)], files.speech)
    loader = InfiniteTalkLoader(backend or CpuBackend(), Mesh.single(), settings or LoadSettings())
    return Loaded(loader.networks(model), loader.denoiser(model))


def still(folder: Path, height: int = 70, width: int = 80) -> StillReference:
    """Return the golden picture as a reference."""
    path = folder / f"{width}x{height}.png"
    Image.fromarray(picture(height, width)).save(path)
    return StillReference(path)


def talk(
    reference: ReferenceSource,
    frames: int = 12,
    *,
    people: int = 1,
    size: tuple[int, int] = (32, 32),
    sampling: dict[str, Any] | None = None,
    **changes: Any,
) -> TalkRequest:
    """Return a small request for `frames` frames: two guided steps a chunk of 9 frames."""
    speech = [embedding(f"person {person}", frames) for person in range(people)]
    settings: dict[str, Any] = {"steps": 2, "shift": 7.0, "text_scale": 5.0, "audio_scale": 4.0}
    masks = None
    if people > 1:
        masks = torch.zeros(people + 1, size[1] // 16, size[0] // 16)
        owners = torch.arange(masks[0].numel()).reshape(masks[0].shape) % (people + 1)
        masks = torch.stack([owners == person for person in range(people + 1)]).float()
    fields: dict[str, Any] = {
        "prompt": PROMPT,
        "negative_prompt": NEGATIVE_PROMPT,
        "width": size[0],
        "height": size[1],
        "seed": 42,
        "sampling": Sampling(**settings | (sampling or {})),
        "takes": plan_takes(speech, reference, chunk_frames=CHUNK_FRAMES, motion_frames=MOTION_FRAMES),
        "masks": masks,
    }
    return TalkRequest(**fields | changes)


def made(
    pipeline: InfiniteTalkPipeline, request: TalkRequest, check: Callable[[int], None] = lambda _: None
) -> list[Frames]:
    """Take all frames of a video."""
    return list(pipeline.generate(request, check))


def video(pipeline: InfiniteTalkPipeline, request: TalkRequest) -> Tensor:
    """Return all frames, float32 [frames, 3, height, width]."""
    return torch.cat([frames.pictures for frames in made(pipeline, request)])
