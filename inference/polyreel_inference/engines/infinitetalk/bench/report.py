"""A benchmark's figures as text, as a row of a table and as JSON."""

from dataclasses import asdict

from polyreel_inference.engines.infinitetalk.bench.figures import Figures
from polyreel_inference.serving.bench.report import (
    arithmetic_line,
    derived_rates,
    device_cell,
    json_report,
    memory,
    part_lines,
    rate_cells,
    table_row,
    timing,
)

TABLE_HEAD = (
    "| size | speakers | device | options | forwards a step | s/step | TFLOP/s | of peak | peak GB | steps"
    " a chunk | s/chunk | s a second of video |\n"
    "|---|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def as_text(figures: Figures) -> str:
    """Return lines for a terminal."""
    steps = figures.steps
    lines = [
        f"{figures.size}, {figures.speakers} speaking, {figures.device}, {figures.dtype}, {figures.options}",
        f"one denoising step   {timing(steps.step_seconds)}, {figures.forwards} forwards,"
        f" {memory(steps.peak_memory_bytes)}",
        arithmetic_line(figures),
    ]
    parts = {
        "text encoder": figures.text_encoder_seconds,
        "image encoder": figures.image_encoder_seconds,
        "second of speech": figures.speech_encoder_seconds,
        "VAE, condition": figures.vae_condition_seconds,
        "VAE, motion frames": figures.vae_motion_seconds,
        "VAE, decode": figures.vae_decode_seconds,
    }
    lines += part_lines(parts)
    lines.append(
        f"one chunk            {figures.chunk_seconds:.1f} s for {figures.new_seconds:.2f} s of video, in"
        f" {figures.chunk_steps} steps: {figures.seconds_per_second:.1f} s a second"
    )
    return "\n".join(lines)


def as_table_row(figures: Figures) -> str:
    """Return a row under `TABLE_HEAD`."""
    return table_row(
        figures.size,
        str(figures.speakers),
        device_cell(figures.device, figures.ranks),
        f"{figures.dtype}, {figures.options}",
        str(figures.forwards),
        *rate_cells(figures),
        f"{figures.steps.peak_memory_bytes / 1e9:.1f}",
        str(figures.chunk_steps),
        f"{figures.chunk_seconds:.3g}",
        f"{figures.seconds_per_second:.3g}",
    )


def as_json(figures: Figures) -> str:
    """Return all figures, the derived ones too, with the time of the report."""
    derived = {"chunk_seconds": figures.chunk_seconds, "seconds_per_second": figures.seconds_per_second}
    return json_report(asdict(figures) | derived_rates(figures) | derived)
