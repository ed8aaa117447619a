"""What a benchmark found out, as text, as a row of a table and as JSON."""

from dataclasses import asdict, dataclass
from statistics import median

from polyreel_inference.engines.latentsync.frame_order import MODEL_FPS
from polyreel_inference.serving.bench.report import device_cell, json_report, memory, table_row, timing

TABLE_HEAD = (
    "| crop | steps, guidance | device | options | chunks at once | s/round | peak GB |"
    " s a second of video |\n"
    "|---|---|---|---|---:|---:|---:|---:|"
)


@dataclass(frozen=True)
class Figures:
    """Rounds from crops and speech to new crops, the autoencoder included; memory in bytes.

    A round makes `chunks` chunks of `frames` frames on all `ranks` together.
    """

    resolution: int
    frames: int
    chunks: int
    steps: int
    guidance_scale: float
    deep_cache: bool
    device: str
    dtype: str
    attention: str
    ranks: int
    round_seconds: tuple[float, ...]
    peak_memory_bytes: int

    @property
    def median_seconds(self) -> float:
        """Of a round."""
        return median(self.round_seconds)

    @property
    def seconds_per_second(self) -> float:
        """Time for a second of video of 25 frames."""
        return self.median_seconds * MODEL_FPS / (self.chunks * self.frames)

    def as_text(self) -> str:
        """Lines for a terminal."""
        return "\n".join(
            [
                f"crops of {self.resolution}, {self._sampling()}, {self._device()}, {self._options()}",
                f"one round            {timing(self.round_seconds)}, {self.chunks} chunks of {self.frames}"
                " frames",
                f"memory               {memory(self.peak_memory_bytes)}",
                f"a second of video    {self.seconds_per_second:.2f} s",
            ]
        )

    def as_table_row(self) -> str:
        """A row under `TABLE_HEAD`."""
        return table_row(
            str(self.resolution),
            self._sampling(),
            self._device(),
            self._options(),
            str(self.chunks),
            f"{self.median_seconds:.3g}",
            f"{self.peak_memory_bytes / 1e9:.1f}",
            f"{self.seconds_per_second:.3g}",
        )

    def as_json(self) -> str:
        """All figures, the derived ones too, with the time of the report."""
        derived = {
            "median_seconds": self.median_seconds,
            "seconds_per_second": self.seconds_per_second,
        }
        return json_report(asdict(self) | derived)

    def _sampling(self) -> str:
        return f"{self.steps}, {self.guidance_scale:g}{', DeepCache' if self.deep_cache else ''}"

    def _device(self) -> str:
        return device_cell(self.device, self.ranks)

    def _options(self) -> str:
        return f"{self.dtype}, attention {self.attention}"
