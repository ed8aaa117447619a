"""How much arithmetic the published models are, and the time it takes: computed, not measured."""

from collections.abc import Iterable

from polyreel_inference.diffusion.flops import TransformerShape, forward_flops, video_tokens
from polyreel_inference.diffusion.model_folder.architectures import Architecture
from polyreel_inference.serving.bench.report import table_row

_SIZES = ((832, 480), (1280, 720))
_FRAMES = 81
_FORWARDS = 2
# What good kernels reach of the published peak of an H100 or H200 (SXM), and that peak in TFLOP/s.
_SHARE, _PEAK = 0.55, 989.0


def arithmetic_table(architectures: Iterable[Architecture]) -> str:
    """Return a table in Markdown of 81 frames in both usual sizes; models of the same shape share a row."""
    names: dict[TransformerShape, list[str]] = {}
    for architecture in architectures:
        shape = TransformerShape.from_config(architecture.transformer_config())
        names.setdefault(shape, []).append(architecture.name)
    head = (
        "| model | size | tokens | PFLOP a forward | in attention | PFLOP a step | s/step at "
        f"{_SHARE:.0%} of {_PEAK:.0f} TFLOP/s |\n|---|---|---:|---:|---:|---:|---:|"
    )
    rows = [_row(", ".join(models), shape, size) for shape, models in names.items() for size in _SIZES]
    return "\n".join([head, *rows])


def _row(models: str, shape: TransformerShape, size: tuple[int, int]) -> str:
    flops = forward_flops(shape, *size, _FRAMES)
    step = _FORWARDS * flops.total
    return table_row(
        models,
        f"{size[0]}x{size[1]}",
        f"{video_tokens(shape, *size, _FRAMES):,}",
        f"{flops.total / 1e15:.3f}",
        f"{flops.attention_share:.0%}",
        f"{step / 1e15:.3f}",
        f"{step / (_SHARE * _PEAK * 1e12):.2f}",
    )
