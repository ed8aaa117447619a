"""What a benchmark measures, read from its options and checked."""

from argparse import Namespace
from dataclasses import dataclass, replace
from typing import NoReturn

from polyreel_inference.diffusion.flops import TransformerShape
from polyreel_inference.diffusion.model_folder.architectures import ARCHITECTURES, Architecture
from polyreel_inference.engines.infinitetalk.bench.flops import TalkFlops
from polyreel_inference.engines.infinitetalk.reference.buckets import MULTIPLE
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import Sampling
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes
from polyreel_inference.engines.infinitetalk.transformer.speaker_places import MOST_SPEAKERS
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.serving.bench.random_weights import check_random_weights

FRAMES_PER_SECOND = 25
BASE = ARCHITECTURES["i2v-14b-480p"]
SQUARES = {"480p": 640, "720p": 960}
"""Sides of the square bucket of each resolution."""

# Scales by the number of forwards, and the steps that such sampling takes: the authors' own, with FusionX'
# LoRA, and with LightX2V's distilled checkpoint.
_SCALES = {3: (5.0, 4.0), 2: (1.0, 2.0), 1: (1.0, 1.0)}
_STEPS = {3: 40, 2: 8, 1: 4}


@dataclass(frozen=True)
class Setting:
    """A chunk in the middle of a long video; `forwards` are those of one denoising step."""

    base: Architecture
    audio: AudioSizes
    width: int
    height: int
    frames: int
    motion_frames: int
    people: int
    forwards: int

    @property
    def latents(self) -> tuple[int, int, int]:
        """Frames, height and width of the latents."""
        return (self.frames - 1) // 4 + 1, self.height // 8, self.width // 8

    @property
    def steps(self) -> int:
        """Denoising steps of a chunk that is sampled with so many forwards."""
        return _STEPS[self.forwards]

    @property
    def new_seconds(self) -> float:
        """Seconds of video that the chunk adds."""
        return (self.frames - self.motion_frames) / FRAMES_PER_SECOND

    @property
    def flops(self) -> TalkFlops:
        """How much arithmetic it is."""
        shape = TransformerShape.from_config(self.base.transformer_config())
        return TalkFlops(shape, self.width, self.height, self.frames, self.people, self.audio)

    def sampling(self, steps: int) -> Sampling:
        """Return `steps` steps of so many forwards."""
        text, audio = _SCALES[self.forwards]
        return Sampling(steps=steps, shift=7.0, text_scale=text, audio_scale=audio)


def read_setting(options: Namespace, base: Architecture = BASE, audio: AudioSizes | None = None) -> Setting:
    """Check the options. Raises `UnusableOptions` for what cannot be measured."""
    check_random_weights(options)
    if options.layers is not None:
        if not 1 <= options.layers <= base.layers:
            _refuse(f"--layers must be 1 to {base.layers}.")
        base = replace(base, layers=options.layers)
    side = SQUARES[options.resolution]
    width, height = options.width or side, options.height or side
    if min(width, height) < MULTIPLE or width % MULTIPLE or height % MULTIPLE:
        _refuse(f"--width and --height must be multiples of {MULTIPLE}; got {width}x{height}.")
    for name, frames in (("--frames", options.frames), ("--motion-frames", options.motion_frames)):
        if frames < 1 or frames % 4 != 1:
            _refuse(f"{name} must be 4n+1, 81 or 9 for example; got {frames}.")
    if options.motion_frames >= options.frames:
        _refuse(f"--motion-frames {options.motion_frames} leaves nothing of --frames {options.frames}.")
    if options.steps < 1 or options.warm_up < 0:
        _refuse("--steps must be at least 1 and --warm-up at least 0.")
    tokens = (width // MULTIPLE) * (height // MULTIPLE)
    if not 1 <= options.speakers <= MOST_SPEAKERS or options.speakers >= tokens:
        _refuse(f"--speakers must be 1 to {MOST_SPEAKERS}, and fewer than the {tokens} tokens of a frame.")
    return Setting(
        base,
        audio or AudioSizes(),
        width,
        height,
        options.frames,
        options.motion_frames,
        options.speakers,
        options.forwards,
    )


def _refuse(reason: str) -> NoReturn:
    raise UnusableOptions(reason)
