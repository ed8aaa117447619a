"""The engine's options of the command line."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from polyreel_inference.diffusion.model_folder.published_name import published_name
from polyreel_inference.engines.wan.offer import LARGEST_STEP_CACHE_THRESHOLD, SMALLEST_STEP_CACHE_THRESHOLD
from polyreel_inference.serving.device_options import add_device_options, positive

Offload = Literal["none", "encoders", "blocks"]
Quantization = Literal["auto", "none", "fp8", "int8"]


@dataclass(frozen=True)
class ModelOption:
    """A folder of weights and the name under which requests choose it."""

    name: str
    folder: Path


@dataclass(frozen=True)
class LoraOption:
    """A LoRA file fused into the weights. `model` None: into those of all models."""

    path: Path
    strength: float
    model: str | None


@dataclass(frozen=True)
class WanOptions:
    """Everything an operator decides.

    `step_cache` is the TeaCache threshold for requests that do not say; None: they compute every step.
    """

    models: tuple[ModelOption, ...]
    device: str
    dtype: str
    vae_dtype: str
    attention: str
    ulysses_size: int
    guidance_size: int
    offload: Offload
    quantize: Quantization
    loras: tuple[LoraOption, ...]
    compile: bool
    step_cache: float | None

    @classmethod
    def of(cls, options: Namespace) -> "WanOptions":
        """Collect what `add_options` has read."""
        return cls(
            models=tuple(options.model),
            device=options.device,
            dtype=options.dtype,
            vae_dtype=options.vae_dtype,
            attention=options.attention,
            ulysses_size=options.ulysses_size,
            guidance_size=options.cfg_size,
            offload=options.offload,
            quantize=options.quantize,
            loras=tuple(options.lora),
            compile=options.compile,
            step_cache=options.teacache,
        )


def add_options(parser: ArgumentParser) -> None:
    """Add them to a parser."""
    group = parser.add_argument_group("Wan")
    group.add_argument(
        "--model",
        type=_model,
        action="append",
        required=True,
        metavar="[NAME=]FOLDER",
        help="folder with weights, and the name for requests (default: the folder's); may be repeated",
    )
    group.add_argument(
        "--lora",
        type=_lora,
        action="append",
        default=[],
        metavar="[NAME=]FILE[:STRENGTH]",
        help="LoRA to fuse into the model NAME (default: into all); may be repeated",
    )
    add_device_options(group.add_argument, usual_dtypes="bfloat16, on the CPU float32")
    group.add_argument(
        "--vae-dtype",
        choices=("auto", "bfloat16", "float32"),
        default="auto",
        help="type of the autoencoder (default: bfloat16, on the CPU float32)",
    )
    group.add_argument(
        "--ulysses-size",
        type=positive,
        metavar="N",
        default=1,
        help="processes that share the tokens of a video",
    )
    group.add_argument(
        "--cfg-size",
        type=positive,
        choices=(1, 2),
        default=1,
        help="2: prompt and negative prompt are computed by processes of their own",
    )
    group.add_argument(
        "--offload",
        choices=get_args(Offload),
        default="none",
        help="weights that stay in host memory until they are needed",
    )
    group.add_argument(
        "--quantize",
        choices=get_args(Quantization),
        default="auto",
        help="8-bit weights of the transformer (default: where they are stored like that)",
    )
    group.add_argument("--compile", action="store_true", help="compile the transformer's block on first use")
    group.add_argument(
        "--teacache",
        type=_threshold,
        metavar="THRESHOLD",
        help="skip steps that change less than this, for requests that do not say; 0.2 is usual",
    )


def _model(text: str) -> ModelOption:
    name, separator, folder = text.partition("=")
    path = Path(folder if separator else text)
    if separator and not name:
        raise ArgumentTypeError(f'"{text}" has no name before the equals sign')
    return ModelOption(name if separator else published_name(path.resolve()), path)


def _lora(text: str) -> LoraOption:
    named = re.fullmatch(r"([^=/]+)=(.*)", text)
    rest = named[2] if named else text
    scaled = re.fullmatch(r"(.+):(-?\d+(?:\.\d+)?)", rest)
    path, strength = (scaled[1], float(scaled[2])) if scaled else (rest, 1.0)
    return LoraOption(Path(path), strength, named[1] if named else None)


def _threshold(text: str) -> float:
    number = float(text)
    if not SMALLEST_STEP_CACHE_THRESHOLD <= number <= LARGEST_STEP_CACHE_THRESHOLD:
        raise ArgumentTypeError(
            f"must be {SMALLEST_STEP_CACHE_THRESHOLD:g} to {LARGEST_STEP_CACHE_THRESHOLD:g}, not {text}"
        )
    return number
