"""What one model can be asked for, and what it does by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import Mode
from polyreel_inference.engines.infinitetalk.options import InfiniteTalkOptions
from polyreel_inference.engines.infinitetalk.reference.buckets import Resolution
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings

SHIFTS: dict[Resolution, float] = {"480p": 7.0, "720p": 11.0}
"""Flow shift by the size of the video."""


@dataclass(frozen=True)
class SamplingDefaults:
    """`shift` None: that of the size, in `SHIFTS`."""

    steps: int
    text_scale: float
    audio_scale: float
    shift: float | None


_PUBLISHED = SamplingDefaults(40, 5.0, 4.0, None)
_DISTILLED = SamplingDefaults(4, 1.0, 1.0, None)
# By a word in the names of LoRA files; the numbers their publishers recommend for InfiniteTalk.
_BY_LORA = {
    "fusionx": SamplingDefaults(8, 1.0, 2.0, 2.0),
    "lightx2v": SamplingDefaults(4, 1.0, 2.0, 2.0),
    "distill": SamplingDefaults(4, 1.0, 2.0, 2.0),
}


@dataclass(frozen=True)
class Offer:
    """A model by the name under which requests choose it, with what holds for requests that do not say.

    `most_frames` None is no limit, `seed` None another one for each task.
    """

    name: str
    sampling: SamplingDefaults
    resolution: Resolution
    chunk_frames: int
    motion_frames: int
    most_frames: int | None
    mode: Mode
    seed: int | None
    step_cache: bool
    step_cache_threshold: float
    projection: bool
    projection_settings: ProjectionSettings
    color_correction: float
    split_scenes: bool


def offer_of(options: InfiniteTalkOptions) -> Offer:
    """Put together what the operator decided and what the names of the weights tell."""
    usual = recognised_sampling(options.weights, (adapter.path for adapter in options.adapters))
    return Offer(
        name=options.name,
        sampling=SamplingDefaults(
            steps=usual.steps if options.steps is None else options.steps,
            text_scale=usual.text_scale if options.text_scale is None else options.text_scale,
            audio_scale=usual.audio_scale if options.audio_scale is None else options.audio_scale,
            shift=usual.shift if options.shift is None else options.shift,
        ),
        resolution=options.resolution,
        chunk_frames=options.chunk_frames,
        motion_frames=options.motion_frames,
        most_frames=options.most_frames,
        mode=options.mode,
        seed=options.seed,
        step_cache=options.step_cache,
        step_cache_threshold=options.step_cache_threshold,
        projection=options.projection,
        projection_settings=options.projection_settings,
        color_correction=options.color_correction,
        split_scenes=options.split_scenes,
    )


def recognised_sampling(weights: Iterable[Path], loras: Iterable[Path]) -> SamplingDefaults:
    """Return how weights of these names are sampled: many steps, or few where they are distilled."""
    for name in (path.name.lower() for path in loras):
        for word, sampling in _BY_LORA.items():
            if word in name:
                return sampling
    distilled = any("distill" in path.name.lower() for path in weights)
    return _DISTILLED if distilled else _PUBLISHED
