"""The engine's options of the command line, under the names that scripts around InfiniteTalk use."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import dataclass
from pathlib import Path

from polyreel_inference.diffusion.memory.policy import OFFLOADS, Offload
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.engines.infinitetalk import option_rules as rules
from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import (
    PUBLISHED_CHUNK_FRAMES,
    PUBLISHED_MOTION_FRAMES,
    Mode,
)
from polyreel_inference.engines.infinitetalk.reference.buckets import Resolution
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import ProjectionSettings
from polyreel_inference.engines.infinitetalk.sampling.step_cache_coefficients import USUAL_THRESHOLD
from polyreel_inference.serving.device_options import add_device_options, positive


@dataclass(frozen=True)
class InfiniteTalkOptions:
    """Everything an operator decides.

    `weights` are the files, or the folder, with the audio parts, the first of which counts for what several
    hold; `quant_file` tells that it is to be quantised already. What stands for requests that do not say:
    numbers that are None follow from the weights or, as `shift`, from the size; `most_frames` None is no
    limit; `seed` None means another one for each task.
    """

    name: str
    base: Path
    weights: tuple[Path, ...]
    speech: Path
    adapters: tuple[LoraFile, ...]
    device: str
    dtype: str
    vae_dtype: str
    attention: str
    ulysses_size: int
    guidance_size: int
    shard_transformer: bool
    offload: Offload
    quantize: str | None
    quant_file: bool
    compile: bool
    resolution: Resolution
    chunk_frames: int
    most_frames: int | None
    motion_frames: int
    mode: Mode
    steps: int | None
    shift: float | None
    text_scale: float | None
    audio_scale: float | None
    seed: int | None
    step_cache: bool
    step_cache_threshold: float
    projection: bool
    projection_settings: ProjectionSettings
    color_correction: float
    split_scenes: bool

    @classmethod
    def of(cls, options: Namespace) -> "InfiniteTalkOptions":
        """Collect what `add_options` has read. Raises `UnusableOptions` for what cannot be together."""
        rules.refuse_foreign(options)
        chunk_frames, motion_frames = rules.checked_lengths(options.frame_num, options.motion_frame)
        weights, quantize = rules.weights_of(options)
        return cls(
            name=options.model_name,
            base=options.ckpt_dir,
            weights=weights,
            speech=options.wav2vec_dir,
            adapters=rules.adapters_of(options.lora_dir, options.lora_scale),
            device=options.device,
            dtype=options.dtype,
            vae_dtype=options.vae_dtype,
            attention=options.attention,
            ulysses_size=options.ulysses_size,
            guidance_size=options.cfg_size,
            shard_transformer=rules.shards_transformer(options),
            offload=rules.offload_of(options),
            quantize=quantize,
            quant_file=options.quant_dir is not None,
            compile=options.compile,
            resolution="480p" if options.size == "infinitetalk-480" else "720p",
            chunk_frames=chunk_frames,
            most_frames=options.max_frame_num,
            motion_frames=motion_frames,
            mode=options.mode,
            steps=options.sample_steps,
            shift=options.sample_shift,
            text_scale=options.sample_text_guide_scale,
            audio_scale=options.sample_audio_guide_scale,
            seed=options.base_seed if options.base_seed is None or options.base_seed >= 0 else None,
            step_cache=options.use_teacache,
            step_cache_threshold=options.teacache_thresh,
            projection=options.use_apg,
            projection_settings=ProjectionSettings(options.apg_momentum, options.apg_norm_threshold),
            color_correction=options.color_correction_strength,
            split_scenes=options.scene_seg,
        )


def add_options(parser: ArgumentParser) -> None:
    """Add them to a parser."""
    _add_files(parser)
    _add_processes(parser)
    _add_defaults(parser)
    rules.add_foreign(parser)


def _add_files(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("InfiniteTalk: files").add_argument
    add("--ckpt-dir", type=Path, metavar="FOLDER", required=True, help="folder of Wan2.1-I2V-14B-480P")
    add(
        "--infinitetalk-dir",
        type=Path,
        metavar="FILE",
        help="infinitetalk.safetensors, single or multi, or its folder",
    )
    add("--wav2vec-dir", type=Path, metavar="FOLDER", required=True, help="folder of chinese-wav2vec2-base")
    add(
        "--dit-path",
        type=Path,
        metavar="FILE",
        help="one file with the transformer; --infinitetalk-dir gives what it lacks",
    )
    add(
        "--quant-dir",
        type=Path,
        metavar="FILE",
        help="quantised file of the whole transformer, goes with --quant",
    )
    add("--lora-dir", type=Path, nargs="+", default=[], metavar="FILE", help="LoRA files to fuse")
    add(
        "--lora-scale",
        type=float,
        nargs="+",
        default=[],
        metavar="STRENGTH",
        help=f"strength of each LoRA file (default: {rules.USUAL_LORA_STRENGTH})",
    )
    add(
        "--model-name",
        default="infinitetalk",
        help="name under which requests choose the model (default: %(default)s)",
    )


def _add_processes(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("InfiniteTalk: devices and memory").add_argument
    add_device_options(add, usual_dtypes="bfloat16, on the CPU float32")
    add(
        "--vae-dtype",
        choices=("auto", "bfloat16", "float32"),
        default="auto",
        help="type of the autoencoder (default: float32, as rounding would add up over the chunks)",
    )
    add(
        "--ulysses-size",
        type=positive,
        metavar="N",
        default=1,
        help="processes that share the tokens of a chunk",
    )
    add(
        "--cfg-size",
        type=positive,
        choices=(1, 2, 3),
        default=1,
        help="processes that share the forwards of a step",
    )
    add("--dit-fsdp", action="store_true", help="each process holds a part of the transformer's weights")
    add("--t5-fsdp", action="store_true", help="as --t5-cpu: one process alone has the text encoder")
    add("--t5-cpu", action="store_true", help="encoders stay in host memory until they are needed")
    add(
        "--offload-model",
        type=_truth,
        nargs="?",
        const=True,
        metavar="True|False",
        help="True, or alone: as --offload encoders",
    )
    add(
        "--num-persistent-param-in-dit",
        type=int,
        metavar="NUMBER",
        help="0: as --offload blocks; other numbers are refused",
    )
    add("--offload", choices=OFFLOADS, help="weights that stay in host memory until they are needed")
    add("--quant", "--quantize", choices=("fp8", "int8"), help="8-bit weights of the transformer")
    add("--compile", action="store_true", help="compile the transformer's block on its first use")


def _add_defaults(parser: ArgumentParser) -> None:
    add = parser.add_argument_group("InfiniteTalk: for requests that do not say").add_argument
    add(
        "--size",
        choices=("infinitetalk-480", "infinitetalk-720"),
        default="infinitetalk-480",
        help="resolution (default: %(default)s)",
    )
    add(
        "--mode",
        choices=("streaming", "clip"),
        default="streaming",
        help="clip: one chunk, however long the sound is",
    )
    add("--frame-num", type=int, default=PUBLISHED_CHUNK_FRAMES, help="frames of a chunk, 4n+1 (default: 81)")
    add(
        "--motion-frame",
        type=int,
        default=PUBLISHED_MOTION_FRAMES,
        help="frames a chunk begins with from the one before, 4m+1 (default: 9)",
    )
    add("--max-frame-num", type=positive, help="most frames of a video (default: as long as the sound)")
    add("--sample-steps", type=positive, help="denoising steps (default: 40, with distil LoRAs 4 or 8)")
    add("--sample-shift", type=float, help="flow shift (default: 7 at 480, 11 at 720, with distil LoRAs 2)")
    add("--sample-text-guide-scale", type=float, help="default: 5, with distil LoRAs 1")
    add("--sample-audio-guide-scale", type=float, help="default: 4, with distil LoRAs 2")
    add("--base-seed", type=int, help="seed (default, and below 0: another one for each task)")
    add("--use-teacache", action="store_true", help="skip steps that change little")
    add("--teacache-thresh", type=float, default=USUAL_THRESHOLD, help="how little (default: %(default)s)")
    add("--use-apg", action="store_true", help="adaptive projected guidance")
    add("--apg-momentum", type=float, default=ProjectionSettings.momentum, help="default: %(default)s")
    add("--apg-norm-threshold", type=float, default=ProjectionSettings.norm, help="default: %(default)s")
    add("--color-correction-strength", type=_share, default=1.0, help="0 to 1 (default: 1)")
    add("--scene-seg", action="store_true", help="cut where the reference video cuts")


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"must be between 0 and 1, not {text}")
    return number


def _truth(text: str) -> bool:
    word = text.lower()
    if word not in ("true", "false", "1", "0", "yes", "no"):
        raise ArgumentTypeError(f"must be True or False, not {text}")
    return word in ("true", "1", "yes")
