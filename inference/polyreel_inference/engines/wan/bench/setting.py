"""What a benchmark measures, read from its options and checked."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from polyreel_inference.diffusion.flops import TransformerShape, forward_flops
from polyreel_inference.diffusion.model_folder.architectures import Architecture
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.serving.bench.random_weights import check_random_weights

_MULTIPLE = 16


@dataclass(frozen=True)
class Setting:
    """Model and video of a benchmark; `forwards` are those of one denoising step."""

    architecture: Architecture
    width: int
    height: int
    frames: int
    forwards: int

    @property
    def shape(self) -> TransformerShape:
        """Sizes of the transformer."""
        return TransformerShape.from_config(self.architecture.transformer_config())

    @property
    def latents(self) -> tuple[int, int, int]:
        """Frames, height and width of the latents."""
        return (self.frames - 1) // 4 + 1, self.height // 8, self.width // 8

    @property
    def step_flops(self) -> int:
        """Arithmetic of one denoising step."""
        return self.forwards * forward_flops(self.shape, self.width, self.height, self.frames).total

    @property
    def steps(self) -> int:
        """Denoising steps of a whole job: the authors' default, or 4 of a distilled model."""
        return self.architecture.steps if self.forwards == 2 else 4


def read_setting(options: Namespace, architectures: Mapping[str, Architecture]) -> Setting:
    """Check the options. Raises `UnusableOptions` for what cannot be measured."""
    check_random_weights(options)
    architecture = architectures[options.model]
    if options.layers is not None:
        if not 1 <= options.layers <= architecture.layers:
            _refuse(f"--layers must be 1 to {architecture.layers} for {architecture.name}.")
        architecture = replace(architecture, layers=options.layers)
    width, height = (options.width or architecture.size[0], options.height or architecture.size[1])
    if min(width, height) < _MULTIPLE or width % _MULTIPLE or height % _MULTIPLE:
        _refuse(f"--width and --height must be multiples of {_MULTIPLE}; got {width}x{height}.")
    if options.frames < 1 or options.frames % 4 != 1:
        _refuse(f"--frames must be 4n+1, 81 for example; got {options.frames}.")
    if options.steps < 1 or options.warm_up < 0:
        _refuse("--steps must be at least 1 and --warm-up at least 0.")
    return Setting(architecture, width, height, options.frames, 2 if options.guidance else 1)


def _refuse(reason: str) -> NoReturn:
    raise UnusableOptions(reason)
