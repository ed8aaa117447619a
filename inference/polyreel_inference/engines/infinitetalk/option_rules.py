"""What options mean together, and which of the original command line cannot act here."""

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from polyreel_inference.diffusion.memory.policy import OFFLOADS, Offload
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.host.engine import UnusableOptions

USUAL_LORA_STRENGTH = 1.2

_FOREIGN: dict[str, tuple[str, str]] = {
    "--task": ("infinitetalk-14B", "this engine runs infinitetalk-14B and nothing else."),
    "--audio-mode": (
        "localfile",
        "speech comes with each request as a sound file; there is no text to speech.",
    ),
    "--ring-size": ("1", "processes share the tokens by --ulysses-size alone; leave it out or give 1."),
    "--input-json": ("", "each request brings its own prompt, picture and sound."),
    "--save-file": ("", "results go to whoever sent the request."),
    "--audio-save-dir": ("", "speech is prepared in memory; no folder is needed."),
}
"""Options of the authors' command line: the value that is true here anyway, and why others are refused."""


def add_foreign(parser: ArgumentParser) -> None:
    """Know the options that cannot act, so that they are refused with a reason."""
    for name in _FOREIGN:
        parser.add_argument(name, help=SUPPRESS)


def refuse_foreign(options: Namespace) -> None:
    """Raise `UnusableOptions` when one of them is given and asks for something."""
    for name, (true_value, reason) in _FOREIGN.items():
        value = getattr(options, name[2:].replace("-", "_"))
        if value is not None and value != true_value:
            raise UnusableOptions(f"{name} {value}: {reason}")


def checked_lengths(chunk_frames: int, motion_frames: int) -> tuple[int, int]:
    """Return both; they have to be 4n+1, the motion shorter than the chunk."""
    for name, frames in (("--frame-num", chunk_frames), ("--motion-frame", motion_frames)):
        if frames < 1 or frames % 4 != 1:
            raise UnusableOptions(f"{name} {frames}: the model makes 4n+1 frames, such as 81 or 9.")
    if motion_frames >= chunk_frames:
        raise UnusableOptions(f"--motion-frame {motion_frames} leaves nothing of --frame-num {chunk_frames}.")
    return chunk_frames, motion_frames


def weights_of(options: Namespace) -> tuple[tuple[Path, ...], str | None]:
    """Return the files (or folder) with the audio parts, and into what their weights are to be quantised."""
    whole: Sequence[Path | None] = (options.dit_path, options.quant_dir)
    given = [path for path in whole if path is not None]
    if len(given) > 1:
        raise UnusableOptions("--dit-path and --quant-dir are both the whole transformer; give one of them.")
    if options.quant_dir is not None:
        if options.quant is None:
            raise UnusableOptions(
                "--quant-dir goes with --quant, fp8 or int8, which says what the file holds."
            )
        if options.lora_dir:
            raise UnusableOptions(
                "--lora-dir: LoRA cannot be fused into the quantised weights of --quant-dir; give"
                " --infinitetalk-dir with --quant, which fuses first and quantises then."
            )
    if options.infinitetalk_dir is not None:
        given.append(options.infinitetalk_dir)
    if not given:
        raise UnusableOptions("--infinitetalk-dir is missing: the file infinitetalk.safetensors.")
    return tuple(given), options.quant


def adapters_of(files: Sequence[Path], strengths: Sequence[float]) -> tuple[LoraFile, ...]:
    """Join LoRA files and strengths, of which there is one for each file or none."""
    if strengths and len(strengths) != len(files):
        raise UnusableOptions(
            f"--lora-scale has {len(strengths)} numbers for the {len(files)} files of --lora-dir;"
            " give one for each."
        )
    each = strengths or [USUAL_LORA_STRENGTH] * len(files)
    return tuple(LoraFile(file, strength) for file, strength in zip(files, each, strict=True))


def shards_transformer(options: Namespace) -> bool:
    """Whether the transformer's weights are spread over the processes."""
    if options.dit_fsdp and options.ulysses_size == 1:
        raise UnusableOptions(
            "--dit-fsdp spreads weights over the processes of --ulysses-size, but that is 1."
        )
    return bool(options.dit_fsdp)


def offload_of(options: Namespace) -> Offload:
    """Return what stays in host memory, by whichever of the options says so."""
    wishes: list[tuple[str, Offload]] = []
    if options.offload is not None:
        wishes.append((f"--offload {options.offload}", options.offload))
    if options.offload_model is not None:
        wishes.append(
            (f"--offload-model {options.offload_model}", "encoders" if options.offload_model else "none")
        )
    if options.num_persistent_param_in_dit is not None:
        if options.num_persistent_param_in_dit != 0:
            raise UnusableOptions(
                "--num-persistent-param-in-dit: blocks are kept whole, two at a time; give 0 or leave it out."
            )
        wishes.append(("--num-persistent-param-in-dit 0", "blocks"))
    if options.t5_cpu or options.t5_fsdp:
        wishes.append(("--t5-cpu" if options.t5_cpu else "--t5-fsdp", "encoders"))
    chosen: Offload = max((wish for _, wish in wishes), key=OFFLOADS.index, default=OFFLOADS[0])
    if options.dit_fsdp and chosen == "blocks":
        raise UnusableOptions("--dit-fsdp and blocks in host memory exclude each other; choose one.")
    if options.offload is not None and chosen != options.offload:
        stronger = next(name for name, wish in wishes if wish == chosen)
        raise UnusableOptions(f"--offload {options.offload} contradicts {stronger}; leave one of them out.")
    return chosen
