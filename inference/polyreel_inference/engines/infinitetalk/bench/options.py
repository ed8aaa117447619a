"""The options of `bench infinitetalk`."""

from argparse import ArgumentParser
from pathlib import Path

from polyreel_inference.engines.infinitetalk.bench.setting import SQUARES
from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import (
    PUBLISHED_CHUNK_FRAMES,
    PUBLISHED_MOTION_FRAMES,
)
from polyreel_inference.serving.bench.random_weights import add_random_weights
from polyreel_inference.serving.bench.setup import add_device_options

PARTS = ("text-encoder", "image-encoder", "speech-encoder", "vae")


def add_options(parser: ArgumentParser) -> None:
    """Add the options to the command line."""
    add_random_weights(parser)
    add = parser.add_argument
    add("--arithmetic", action="store_true", help="measure nothing; print how much arithmetic a chunk is")
    add("--resolution", choices=sorted(SQUARES), default="480p", help="square of that (default: 480p)")
    add("--width", type=int, help="pixels, a multiple of 16 (default: 640 at 480p, 960 at 720p)")
    add("--height", type=int, help="pixels, a multiple of 16 (default: as --width)")
    add("--frames", type=int, default=PUBLISHED_CHUNK_FRAMES, help="of a chunk, 4n+1 (default: 81)")
    add(
        "--motion-frames",
        type=int,
        default=PUBLISHED_MOTION_FRAMES,
        help="frames a chunk takes over from the one before, 4m+1 (default: 9)",
    )
    add("--speakers", type=int, default=1, help="people who speak (default: 1)")
    add(
        "--forwards",
        type=int,
        choices=(1, 2, 3),
        default=3,
        help="of a step: 3 in full sampling, 2 with distil LoRAs, 1 of distilled models (default: 3)",
    )
    add("--steps", type=int, default=3, help="denoising steps to time (default: 3)")
    add("--warm-up", type=int, default=1, help="steps before them that do not count (default: 1)")
    add_device_options(parser)
    add("--skip", choices=PARTS, action="append", default=[], help="a part not to measure; repeatable")
    add("--json", type=Path, help="file that receives all figures")
