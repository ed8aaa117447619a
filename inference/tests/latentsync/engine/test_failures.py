"""Memory that does not suffice: told to the user, and gone with the next job."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.batching import chunks_for
from polyreel_inference.engines.latentsync.engine import LatentSyncEngine
from polyreel_inference.engines.latentsync.faces.landmark_source import Image
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.fragment_writer import FragmentWriter
from tests.latentsync.engine.jobs import parsed
from tests.latentsync.engine.running import FacesByPicture, engine_with, run


class SmallDevice(CpuBackend):
    """A device that is full as long as a test wants it, and has as much memory as it says."""

    def __init__(self, gibibytes: int | None = None, dtype: torch.dtype | None = None) -> None:
        super().__init__(dtype=dtype)
        self.name = "small"
        self.full = False
        self.most_frames: int | None = None
        self.refused = 0
        self._total = gibibytes

    def attention(self, query: Tensor, key: Tensor, value: Tensor, *, exact: bool = False) -> Tensor:
        # The places of each frame among each other: their batch is the frames.
        too_many = self.most_frames is not None and not exact and query.shape[0] > self.most_frames
        if self.full or too_many:
            self.refused += 1
            raise torch.OutOfMemoryError("no memory for the test")
        return super().attention(query, key, value, exact=exact)

    def total_memory_bytes(self) -> int | None:
        return None if self._total is None else self._total * 1024**3


def test_memory_that_does_not_suffice_is_told_and_given_back(
    weights: Path, media: dict[str, Path], tmp_path: Path
) -> None:
    device = SmallDevice()
    engine = engine_with(weights, FacesByPicture(), backend=device)
    inputs = {"video": media["video"], "audio": media["audio"]}
    device.full = True
    with pytest.raises(EngineError, match="memory of the device; ask for a guidance scale") as caught:
        run(engine, tmp_path / "full", inputs)
    assert caught.value.code == ErrorCode.OUT_OF_MEMORY
    device.full = False
    assert len(run(engine, tmp_path / "next", inputs).frames) == 5
    engine.close()


def test_chunks_that_do_not_fit_together_are_made_one_after_the_other(
    weights: Path, media: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = SmallDevice()
    engine = engine_with(weights, FacesByPicture(), "--batch", "4", backend=device)
    inputs = {"video": media["video"], "audio": media["longer"]}
    # Before they are encoded: one level that is rounded the other way changes how all around it is coded.
    recorded: list[Image] = []
    write = FragmentWriter.write

    def recording_write(writer: FragmentWriter, group: Iterable[Image]) -> None:
        pictures = list(group)
        recorded.extend(pictures)
        write(writer, pictures)

    monkeypatch.setattr(FragmentWriter, "write", recording_write)

    def pictures(name: str, seed: int) -> NDArray[np.int64]:
        recorded.clear()
        run(engine, tmp_path / name, inputs, fps=50.0, steps=2, seed=seed)
        return np.stack(recorded).astype(int)

    expected = pictures("together", 1)
    device.most_frames = 16
    assert np.abs(pictures("apart", 1) - expected).max() <= 1
    # Four and then two chunks are too many; what was learned holds for all that follows.
    refused = device.refused
    assert refused == 2
    other = pictures("next", 2)
    assert device.refused == refused
    assert np.abs(other - expected).mean() > 1
    engine.close()


@pytest.mark.parametrize(
    ("gibibytes", "resolution", "chunks"),
    [(None, 512, 1), (8, 256, 1), (16, 512, 1), (24, 256, 4), (48, 512, 3), (141, 512, 4)],
)
def test_batches_follow_the_memory(gibibytes: int | None, resolution: int, chunks: int) -> None:
    assert chunks_for(SmallDevice(gibibytes, torch.float16), resolution) == chunks


@pytest.mark.parametrize(("gibibytes", "chunks"), [(80, 2), (141, 4)])
def test_numbers_of_twice_the_size_leave_room_for_half_the_chunks(gibibytes: int, chunks: int) -> None:
    assert chunks_for(SmallDevice(gibibytes, torch.float32), 512) == chunks


def test_the_cpu_makes_one_chunk_at_a_time() -> None:
    assert chunks_for(CpuBackend(), 256) == 1


def test_folders_and_words_that_do_not_fit_are_told_before_the_start(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(UnusableOptions, match="latentsync_unet"):
        LatentSyncEngine.from_options(parsed(folder=str(tmp_path)))
    with pytest.raises(UnusableOptions, match="landmarks"):
        LatentSyncEngine.from_options(parsed("--landmarks", "nobody", "--device", "cpu", folder=str(weights)))
