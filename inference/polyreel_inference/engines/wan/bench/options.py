"""The options of `bench wan`."""

from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Iterable
from pathlib import Path

from polyreel_inference.serving.bench.random_weights import add_random_weights
from polyreel_inference.serving.bench.setup import add_device_options

PARTS = ("text-encoder", "image-encoder", "vae")


def add_options(parser: ArgumentParser, models: Iterable[str]) -> None:
    """Add the options to the command line; `models` are the names to choose from."""
    add_random_weights(parser)
    add = parser.add_argument
    add(
        "--arithmetic",
        action="store_true",
        help="measure nothing; print how much arithmetic the published models are",
    )
    add("--model", choices=sorted(models), default="i2v-14b-480p", help="default: %(default)s")
    add("--width", type=int, help="pixels, a multiple of 16 (default: the model's usual width)")
    add("--height", type=int, help="pixels, a multiple of 16 (default: the model's usual height)")
    add("--frames", type=int, default=81, help="4n+1 (default: 81)")
    add("--steps", type=int, default=5, help="denoising steps to time (default: 5)")
    add("--warm-up", type=int, default=2, help="steps before them that do not count (default: 2)")
    add(
        "--guidance",
        action=BooleanOptionalAction,
        default=True,
        help="two forwards a step, as in full sampling; --no-guidance: one, as in distilled models",
    )
    add_device_options(parser)
    add("--skip", choices=PARTS, action="append", default=[], help="a part not to measure; repeatable")
    add(
        "--compare",
        choices=("auto", "diffusers", "none"),
        default="auto",
        help="time diffusers' steps as well (auto: on CUDA)",
    )
    add("--json", type=Path, help="file that receives all figures")
