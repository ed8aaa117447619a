"""A benchmark's figures as text, as a row of a table and as JSON."""

from dataclasses import asdict

from polyreel_inference.engines.wan.bench.figures import Figures
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
        f"{model}, {figures.size}, {figures.device}, {figures.dtype}, {figures.options}",
        f"one denoising step   {_steps(figures.ours)}  ({figures.forwards} forwards)",
        arithmetic_line(figures),
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
    lines += part_lines(parts)
    lines.append(
        f"whole job            {figures.job_seconds:.1f} s ({figures.steps} steps and the parts above)"
    )
    return "\n".join(lines)


def as_table_row(figures: Figures) -> str:
    """Return a row under `TABLE_HEAD`."""
    ours, theirs = figures.ours, figures.diffusers
    return table_row(
        figures.model,
        figures.size,
        device_cell(figures.device, figures.ranks),
        f"{figures.dtype}, {figures.options}",
        *rate_cells(figures),
        "-" if theirs is None else f"{theirs.median_seconds:.3g}",
        "-" if figures.speedup is None else f"{figures.speedup:.2f}x",
        f"{ours.peak_memory_bytes / 1e9:.1f}",
        f"{figures.job_seconds:.0f}",
    )


def as_json(figures: Figures) -> str:
    """Return all figures, the derived ones too, with the time of the report."""
    derived = {"speedup": figures.speedup, "job_seconds": figures.job_seconds}
    return json_report(asdict(figures) | derived_rates(figures) | derived)


def _steps(steps: StepFigures) -> str:
    return f"{timing(steps.step_seconds)}, {memory(steps.peak_memory_bytes)}"
