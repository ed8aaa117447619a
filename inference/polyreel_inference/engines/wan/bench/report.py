"""A benchmark's figures as text, as a row of a table and as JSON."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from polyreel_inference.engines.wan.bench.figures import Figures
from polyreel_inference.serving.bench.step_figures import StepFigures

TABLE_HEAD = (
    "| model | size | device | options | s/step | TFLOP/s | of peak | diffusers s/step | faster | peak GB |"
    " job s |\n"
    "|---|---|---|---|---:|---:|---:|---:|---:|---:|---:|"
)


def as_text(figures: Figures) -> str:
    """Return lines for a terminal."""
    model = f"{figures.model} ({figures.experts} experts)" if figures.experts > 1 else figures.model
    lines = [
        f"{model}, {_size(figures)}, {figures.device}, {figures.dtype}, {figures.options}",
        f"one denoising step   {_steps(figures.ours)}  ({figures.forwards} forwards)",
        f"arithmetic           {figures.step_flops / 1e12:.2f} TFLOP a step, {_rate(figures)}",
    ]
    if figures.diffusers is not None:
        lines.append(
            f"diffusers' step      {_steps(figures.diffusers)}; ours is {figures.speedup:.2f} times as fast"
        )
    parts = {
        "text encoder": figures.text_encoder_seconds,
        "image encoder": figures.image_encoder_seconds,
        "VAE encode": figures.vae_encode_seconds,
        "VAE decode": figures.vae_decode_seconds,
    }
    lines += [f"{name:<20} {value:.3f} s" for name, value in parts.items() if value is not None]
    lines.append(
        f"whole job            {figures.job_seconds:.1f} s ({figures.steps} steps and the parts above)"
    )
    return "\n".join(lines)


def as_table_row(figures: Figures) -> str:
    """Return a row under `TABLE_HEAD`."""
    ours, theirs = figures.ours, figures.diffusers
    cells = (
        figures.model,
        _size(figures),
        figures.device if figures.ranks == 1 else f"{figures.ranks} x {figures.device}",
        f"{figures.dtype}, {figures.options}",
        f"{ours.median_seconds:.3g}",
        f"{figures.tflops:.3g}",
        "-" if figures.peak_share is None else f"{figures.peak_share:.0%}",
        "-" if theirs is None else f"{theirs.median_seconds:.3g}",
        "-" if figures.speedup is None else f"{figures.speedup:.2f}x",
        f"{ours.peak_memory_bytes / 1e9:.1f}",
        f"{figures.job_seconds:.0f}",
    )
    return "| " + " | ".join(cells) + " |"


def as_json(figures: Figures) -> str:
    """Return all figures, the derived ones too, with the time of the report."""
    derived = {
        "seconds_per_step": figures.ours.median_seconds,
        "tflops": figures.tflops,
        "peak_share": figures.peak_share,
        "speedup": figures.speedup,
        "job_seconds": figures.job_seconds,
        "reported_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return json.dumps(asdict(figures) | derived, indent=2)


def _size(figures: Figures) -> str:
    return f"{figures.width}x{figures.height}x{figures.frames}"


def _rate(figures: Figures) -> str:
    share = "" if figures.peak_share is None else f", {figures.peak_share:.0%} of its peak"
    return f"{figures.tflops:.2f} TFLOP/s a device{share}"


def _steps(steps: StepFigures) -> str:
    spread = f"{min(steps.step_seconds):.3f} to {max(steps.step_seconds):.3f}"
    memory = f"{steps.peak_memory_bytes / 1e9:.2f} GB at most"
    return f"{steps.median_seconds:.3f} s (median of {len(steps.step_seconds)}, {spread}), {memory}"
