"""What is derived from measured seconds, and the table of peaks."""

from dataclasses import replace

import pytest

from polyreel_inference.engines.wan.bench.figures import Figures
from polyreel_inference.engines.wan.bench.report import as_table_row, as_text
from polyreel_inference.serving.bench.device_peaks import peak_tflops
from polyreel_inference.serving.bench.step_figures import StepFigures

FIGURES = Figures(
    model="i2v-14b-480p",
    width=832,
    height=480,
    frames=81,
    experts=1,
    forwards=2,
    steps=40,
    device="NVIDIA H100 80GB HBM3",
    dtype="bfloat16",
    options="attention auto",
    ranks=1,
    step_flops=3_000_000_000_000_000,
    peak_tflops=989,
    ours=StepFigures((5.0, 7.0, 6.0), 50_000_000_000),
    diffusers=StepFigures((9.0,), 60_000_000_000),
    text_encoder_seconds=0.5,
    vae_decode_seconds=4.5,
)


def test_rates_follow_from_the_median_step() -> None:
    assert FIGURES.tflops == pytest.approx(500)
    assert FIGURES.peak_share == pytest.approx(500 / 989)
    assert FIGURES.speedup == pytest.approx(1.5)
    assert FIGURES.job_seconds == pytest.approx(40 * 6 + 0.5 + 4.5)


def test_ranks_share_the_arithmetic() -> None:
    assert replace(FIGURES, ranks=4).tflops == pytest.approx(125)


def test_row_of_the_table() -> None:
    assert as_table_row(FIGURES) == (
        "| i2v-14b-480p | 832x480x81 | NVIDIA H100 80GB HBM3 | bfloat16, attention auto"
        " | 6 | 500 | 51% | 9 | 1.50x | 50.0 | 245 |"
    )


def test_unknown_peak_and_no_comparison_are_left_open() -> None:
    figures = replace(FIGURES, peak_tflops=None, diffusers=None)
    assert "| - | - | - |" in as_table_row(figures)
    assert "peak" not in as_text(figures)
    assert "image encoder" not in as_text(figures)


@pytest.mark.parametrize(
    ("description", "peak"),
    [
        ("NVIDIA A100-SXM4-80GB", 312),
        ("NVIDIA H100 PCIe", 756),
        ("NVIDIA H100 80GB HBM3", 989),
        ("NVIDIA H200", 989),
        ("NVIDIA H20", 148),
        ("NVIDIA GeForce RTX 5090", 209.5),
        ("Gaudi2", 432),
        ("cpu", None),
    ],
)
def test_peaks_by_description(description: str, peak: float | None) -> None:
    assert peak_tflops(description) == peak
