"""What the reports of all benchmarks have in common."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median

from polyreel_inference.serving.bench.denoising_figures import DenoisingFigures


def timing(seconds: Sequence[float]) -> str:
    """Return the median of repeated measurements, their number and their spread."""
    spread = f"{min(seconds):.3f} to {max(seconds):.3f}"
    return f"{median(seconds):.3f} s (median of {len(seconds)}, {spread})"


def memory(most: int) -> str:
    """Return the most bytes that were in use at a time."""
    return f"{most / 1e9:.2f} GB at most"


def arithmetic_line(figures: DenoisingFigures) -> str:
    """Return the line about the arithmetic of a step and how fast it was done."""
    share = "" if figures.peak_share is None else f", {figures.peak_share:.0%} of its peak"
    work, rate = f"{figures.step_flops / 1e12:.2f} TFLOP a step", f"{figures.tflops:.2f} TFLOP/s a device"
    return f"arithmetic           {work}, {rate}{share}"


def part_lines(parts: Mapping[str, float | None]) -> list[str]:
    """Return a line for each part that was measured, of its name and its seconds."""
    return [f"{name:<20} {value:.3f} s" for name, value in parts.items() if value is not None]


def table_row(*cells: str) -> str:
    """Return a row of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"


def device_cell(device: str, ranks: int) -> str:
    """Return the device, and how many of it there were."""
    return device if ranks == 1 else f"{ranks} x {device}"


def rate_cells(figures: DenoisingFigures) -> tuple[str, str, str]:
    """Return seconds a step, TFLOP/s and the part of the peak."""
    share = "-" if figures.peak_share is None else f"{figures.peak_share:.0%}"
    return f"{figures.timed.median_seconds:.3g}", f"{figures.tflops:.3g}", share


def derived_rates(figures: DenoisingFigures) -> dict[str, float | None]:
    """Return what follows from the steps, for JSON."""
    return {
        "seconds_per_step": figures.timed.median_seconds,
        "tflops": figures.tflops,
        "peak_share": figures.peak_share,
    }


def json_report(figures: Mapping[str, object]) -> str:
    """Return figures as JSON, with the time of the report."""
    dated = {**figures, "reported_at": datetime.now(UTC).isoformat(timespec="seconds")}
    return json.dumps(dated, indent=2)
