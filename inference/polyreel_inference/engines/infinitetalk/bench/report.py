"""A benchmark's figures as text, as a row of a table and as JSON."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

from polyreel_inference.engines.infinitetalk.bench.figures import Figures

TABLE_HEAD = (
    "| size | speakers | device | options | forwards a step | s/step | TFLOP/s | of peak | peak GB | steps"
    " a chunk | s/chunk | s a second of video |\n"
    "|---|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def as_text(figures: Figures) -> str:
    """Return lines for a terminal."""
    steps = figures.steps
    spread = f"{min(steps.step_seconds):.3f} to {max(steps.step_seconds):.3f}"
    share = "" if figures.peak_share is None else f", {figures.peak_share:.0%} of its peak"
    lines = [
        f"{_size(figures)}, {figures.speakers} speaking, {figures.device}, {figures.dtype},"
        f" {figures.options}",
        f"one denoising step   {steps.median_seconds:.3f} s (median of {len(steps.step_seconds)}, {spread}),"
        f" {figures.forwards} forwards, {steps.peak_memory_bytes / 1e9:.2f} GB at most",
        f"arithmetic           {figures.step_flops / 1e12:.2f} TFLOP a step, {figures.tflops:.2f} TFLOP/s a"
        f" device{share}",
    ]
    parts = {
        "text encoder": figures.text_encoder_seconds,
        "image encoder": figures.image_encoder_seconds,
        "second of speech": figures.speech_encoder_seconds,
        "VAE, condition": figures.vae_condition_seconds,
        "VAE, motion frames": figures.vae_motion_seconds,
        "VAE, decode": figures.vae_decode_seconds,
    }
    lines += [f"{name:<20} {value:.3f} s" for name, value in parts.items() if value is not None]
    lines.append(
        f"one chunk            {figures.chunk_seconds:.1f} s for {figures.new_seconds:.2f} s of video, in"
        f" {figures.chunk_steps} steps: {figures.seconds_per_second:.1f} s a second"
    )
    return "\n".join(lines)


def as_table_row(figures: Figures) -> str:
    """Return a row under `TABLE_HEAD`."""
    cells = (
        _size(figures),
        str(figures.speakers),
        figures.device if figures.ranks == 1 else f"{figures.ranks} x {figures.device}",
        f"{figures.dtype}, {figures.options}",
        str(figures.forwards),
        f"{figures.steps.median_seconds:.3g}",
        f"{figures.tflops:.3g}",
        "-" if figures.peak_share is None else f"{figures.peak_share:.0%}",
        f"{figures.steps.peak_memory_bytes / 1e9:.1f}",
        str(figures.chunk_steps),
        f"{figures.chunk_seconds:.3g}",
        f"{figures.seconds_per_second:.3g}",
    )
    return "| " + " | ".join(cells) + " |"


def as_json(figures: Figures) -> str:
    """Return all figures, the derived ones too, with the time of the report."""
    derived = {
        "seconds_per_step": figures.steps.median_seconds,
        "tflops": figures.tflops,
        "peak_share": figures.peak_share,
        "chunk_seconds": figures.chunk_seconds,
        "seconds_per_second": figures.seconds_per_second,
        "reported_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return json.dumps(asdict(figures) | derived, indent=2)


def _size(figures: Figures) -> str:
    return f"{figures.width}x{figures.height}x{figures.frames}"
