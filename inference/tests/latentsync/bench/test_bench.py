"""The benchmark from its options to its report, on narrow networks."""

import json
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import pytest

from polyreel_inference.engines.latentsync.bench import LatentSyncBenchmark
from polyreel_inference.engines.latentsync.bench.figures import TABLE_HEAD, Figures
from polyreel_inference.engines.latentsync.network.unet_sizes import UNetSizes
from polyreel_inference.host.engine import UnusableOptions

NARROW = UNetSizes(
    block_out_channels=(8, 8, 8, 8), layers_per_block=1, cross_attention_dim=8, norm_num_groups=4
)
AUTOENCODER = {
    "block_out_channels": (8, 8, 8, 8),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 1,
    "latent_channels": 4,
    "norm_num_groups": 4,
}
SMALL = (
    *("--random-weights", "--device", "cpu", "--resolution", "64", "--frames", "2", "--steps", "2"),
    *("--rounds", "2", "--warm-up", "1"),
)
FIGURES = Figures(
    resolution=512,
    frames=16,
    chunks=4,
    steps=20,
    guidance_scale=1.5,
    deep_cache=True,
    device="NVIDIA H200",
    dtype="bfloat16",
    attention="flash3",
    ranks=1,
    round_seconds=(9.0, 12.8, 14.0),
    peak_memory_bytes=50_000_000_000,
)


def measure(*words: str) -> None:
    bench, parser = LatentSyncBenchmark(NARROW, AUTOENCODER), ArgumentParser()
    bench.add_options(parser)
    bench.run(parser.parse_args(words))


def test_reports_as_text_table_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "figures.json"
    measure(*SMALL, "--batch", "2", "--json", str(path))
    printed, told = capsys.readouterr()
    assert "one round" in printed
    assert told.splitlines()[-1] == "measuring: round 3 of 3"
    figures = json.loads(path.read_text())
    assert (figures["chunks"], figures["frames"], figures["steps"]) == (2, 2, 2)
    assert len(figures["round_seconds"]) == 2
    assert figures["seconds_per_second"] == pytest.approx(figures["median_seconds"] * 25 / 4)
    head, rule, row = printed.strip().splitlines()[-3:]
    assert len({line.count("|") for line in (head, rule, row)}) == 1


def test_a_second_of_video_is_25_frames() -> None:
    assert FIGURES.seconds_per_second == pytest.approx(5.0)
    row = "| 512 | 20, 1.5, DeepCache | NVIDIA H200 | bfloat16, attention flash3 | 4 | 12.8 | 50.0 | 5 |"
    assert FIGURES.as_table_row() == row
    several = replace(FIGURES, ranks=2, deep_cache=False)
    assert "| 20, 1.5 | 2 x NVIDIA H200 |" in several.as_table_row()
    assert TABLE_HEAD.splitlines()[0].count("|") == row.count("|")


def test_the_arithmetic_of_the_published_model(capsys: pytest.CaptureFixture[str]) -> None:
    bench, parser = LatentSyncBenchmark(), ArgumentParser()
    bench.add_options(parser)
    bench.run(parser.parse_args(["--arithmetic"]))
    rows = capsys.readouterr().out.splitlines()
    assert len({row.count("|") for row in rows}) == 1
    assert rows[2] == "| 256 | 4.05 | 0.26 | 4.36 | 9.95 | no | 156 | 79 |"
    assert rows[-1] == "| 512 | 17.63 | 1.31 | 17.87 | 40.23 | yes | 1220 | 557 |"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (SMALL[1:], "random-weights"),
        ((*SMALL, "--resolution", "100"), "multiple of 64"),
        ((*SMALL, "--frames", "25"), "1 to 24"),
        ((*SMALL, "--steps", "0"), "at least 1"),
        ((*SMALL, "--batch", "0"), "at least 1"),
        ((*SMALL, "--attention", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_measured_is_refused(words: tuple[str, ...], reason: str) -> None:
    with pytest.raises(UnusableOptions, match=reason):
        measure(*words)
