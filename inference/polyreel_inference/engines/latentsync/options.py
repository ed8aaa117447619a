"""The engine's options of the command line."""

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from dataclasses import dataclass
from pathlib import Path

from polyreel_inference.engines.latentsync.offer import MOST_GUIDANCE, MOST_STEPS, Offer
from polyreel_inference.serving.device_options import add_device_options, positive


@dataclass(frozen=True)
class LatentSyncOptions:
    """Everything an operator decides.

    `landmarks` is "auto", "mediapipe" or the folder of ONNX models. `batch` is how many chunks go through the
    network of one process together; None: as many as the device has memory for. `offer` is what requests can
    ask for.
    """

    checkpoint: Path
    landmarks: str
    device: str
    dtype: str
    attention: str
    batch: int | None
    offer: Offer

    @classmethod
    def of(cls, options: Namespace) -> "LatentSyncOptions":
        """Collect what `add_options` has read."""
        return cls(
            checkpoint=options.checkpoint,
            landmarks=options.landmarks,
            device=options.device,
            dtype=options.dtype,
            attention=options.attention,
            batch=options.batch,
            offer=Offer(
                name=options.model_name,
                steps=options.inference_steps,
                guidance_scale=options.guidance_scale,
                seed=options.seed if options.seed >= 0 else None,
                deep_cache=options.deepcache,
            ),
        )


def add_options(parser: ArgumentParser) -> None:
    """Add them to a parser."""
    add = parser.add_argument_group("LatentSync: files").add_argument
    add(
        "--checkpoint",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder with latentsync_unet.pt, whisper/tiny.pt, the autoencoder in vae/ and config.json",
    )
    add(
        "--model-name",
        default="latentsync-1.6",
        help="name under which requests choose the model (default: %(default)s)",
    )
    add(
        "--landmarks",
        default="auto",
        metavar="auto|mediapipe|FOLDER",
        help="what finds faces: mediapipe (auto), or a folder of ONNX models in insightface's format",
    )
    _add_devices(parser)
    _add_defaults(parser)


def _add_devices(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("LatentSync: devices and memory").add_argument
    add_device_options(add, usual_dtypes="on NVIDIA cards float16, on Gaudi bfloat16, else float32")
    add(
        "--batch",
        type=positive,
        metavar="CHUNKS",
        help="chunks of 16 frames that a process computes together (default: as the memory allows)",
    )


def _add_defaults(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("LatentSync: for requests that do not say").add_argument
    add("--inference-steps", type=_steps, default=20, help="denoising steps (default: 20)")
    add("--guidance-scale", type=_guidance, default=1.0, help="guidance by the sound (default: 1.0)")
    add("--seed", type=int, default=1247, help="-1: another one for each task (default: 1247)")
    add(
        "--deepcache",
        "--enable-deepcache",
        action=BooleanOptionalAction,
        default=True,
        help="compute the deep layers in every third step only (default: on)",
    )


def _steps(text: str) -> int:
    if (steps := positive(text)) > MOST_STEPS:
        raise ArgumentTypeError(f"at most {MOST_STEPS} steps can be asked for, not {steps}")
    return steps


def _guidance(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = -1.0
    if not 0 <= scale <= MOST_GUIDANCE:
        raise ArgumentTypeError(f'"{text}" is not a number between 0 and {MOST_GUIDANCE}')
    return scale
