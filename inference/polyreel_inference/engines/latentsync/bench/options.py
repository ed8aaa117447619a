"""The options of `bench latentsync`, checked."""

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from dataclasses import dataclass
from pathlib import Path

from polyreel_inference.devices.attention.selector import ATTENTION_NAMES
from polyreel_inference.engines.latentsync.network.unet_sizes import CHUNK_FRAMES, LONGEST_CHUNK
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DEEP_CACHE_INTERVAL, DenoiseSettings
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.serving.bench.random_weights import add_random_weights, check_random_weights
from polyreel_inference.serving.bench.setup import DTYPES

_MULTIPLE = 64


@dataclass(frozen=True)
class Setting:
    """What is measured: `rounds` of as many chunks of `frames` frames as keep all ranks busy.

    `batch` is how many of them a rank computes together; None: as many as it has memory for.
    """

    resolution: int
    frames: int
    batch: int | None
    rounds: int
    warm_up: int
    settings: DenoiseSettings

    @classmethod
    def of(cls, options: Namespace) -> "Setting":
        """Read the options. Raises `UnusableOptions` for what cannot be measured."""
        check_random_weights(options)
        if options.resolution < _MULTIPLE or options.resolution % _MULTIPLE:
            raise UnusableOptions(f"--resolution must be a multiple of {_MULTIPLE}.")
        if not 1 <= options.frames <= LONGEST_CHUNK:
            raise UnusableOptions(f"--frames must be 1 to {LONGEST_CHUNK}; chunks of videos have 16.")
        counts = (options.steps, options.rounds, 1 if options.batch is None else options.batch)
        if min(counts) < 1 or options.warm_up < 0:
            raise UnusableOptions("--steps, --rounds and --batch must be at least 1, --warm-up at least 0.")
        interval = DEEP_CACHE_INTERVAL if options.deepcache else 1
        return cls(
            options.resolution,
            options.frames,
            options.batch,
            options.rounds,
            options.warm_up,
            DenoiseSettings(options.steps, options.guidance_scale, interval),
        )


def add_options(parser: ArgumentParser) -> None:
    """Add the options to the command line."""
    add_random_weights(parser)
    add = parser.add_argument
    add("--arithmetic", action="store_true", help="measure nothing; print how much arithmetic a chunk is")
    add("--resolution", type=int, default=512, help="side of the crops: 256 of 1.5, 512 of 1.6 (default)")
    add("--frames", type=int, default=CHUNK_FRAMES, help="of a chunk (default: 16)")
    add("--steps", type=int, default=20, help="denoising steps (default: 20)")
    add("--guidance-scale", type=float, default=1.5, help="up to 1: one forward a step (default: 1.5)")
    add(
        "--deepcache",
        action=BooleanOptionalAction,
        default=True,
        help="compute the deep layers in every third step only (default: on)",
    )
    add("--batch", type=int, help="chunks a process computes together (default: as the memory allows)")
    add("--rounds", type=int, default=3, help="rounds to time (default: 3)")
    add("--warm-up", type=int, default=1, help="rounds before them that do not count (default: 1)")
    add("--device", choices=("auto", "cuda", "hpu", "cpu"), default="auto")
    add(
        "--dtype",
        choices=DTYPES,
        help="compute type (default: on NVIDIA cards float16, on Gaudi bfloat16, else float32)",
    )
    add(
        "--attention",
        default="auto",
        help=f"attention kernel: {', '.join(ATTENTION_NAMES)} (default: the fastest installed)",
    )
    add("--json", type=Path, help="file that receives all figures")
