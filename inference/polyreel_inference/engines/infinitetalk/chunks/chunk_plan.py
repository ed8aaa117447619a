"""Which frames each chunk makes, and which of them the video keeps."""

from dataclasses import dataclass
from typing import Literal

PUBLISHED_CHUNK_FRAMES = 81
PUBLISHED_MOTION_FRAMES = 9

Mode = Literal["streaming", "clip"]
"""As many chunks as the speech is long, or a single one."""


@dataclass(frozen=True)
class Chunk:
    """Makes the frames `start` to `start + frames` of the video and adds some of them to it.

    The first `skipped` ones repeat the end of the chunk before, `kept` of those behind them are shown. With
    the last `handed_on` ones the next chunk begins; there are none in the last chunk.
    """

    index: int
    start: int
    frames: int
    skipped: int
    kept: int
    handed_on: int

    @property
    def end(self) -> int:
        """The frame behind the last one made, kept or not."""
        return self.start + self.frames

    @property
    def latent_frames(self) -> int:
        """Frames of the autoencoder's latents."""
        return (self.frames - 1) // 4 + 1


@dataclass(frozen=True)
class ChunkPlan:
    """All chunks of a video, known before the first one is made."""

    chunks: tuple[Chunk, ...]

    @property
    def frames(self) -> int:
        """Frames of the video."""
        return sum(chunk.kept for chunk in self.chunks)

    @property
    def kept(self) -> tuple[int, ...]:
        """Frames that each chunk adds to the video."""
        return tuple(chunk.kept for chunk in self.chunks)


def plan_chunks(
    speech_frames: int,
    *,
    most_frames: int | None = None,
    chunk_frames: int = PUBLISHED_CHUNK_FRAMES,
    motion_frames: int = PUBLISHED_MOTION_FRAMES,
    mode: Mode = "streaming",
) -> ChunkPlan:
    """Cover `speech_frames` frames of speech, or the first `most_frames` of them.

    Every chunk after the first begins with the last `motion_frames` frames of the one before, so it adds
    `chunk_frames - motion_frames`. The video is exactly as long as what it covers; what the last chunk makes
    beyond is not kept. Mode "clip" keeps no more than one chunk. Raises `ValueError` for lengths that are no
    whole latents (4n + 1), for more motion than chunk, and where nothing is to be made.
    """
    for name, count in (("A chunk", chunk_frames), ("The motion of a chunk", motion_frames)):
        if count < 1 or count % 4 != 1:
            raise ValueError(f"{name} of {count} frames has no whole latents; use 4n + 1 frames.")
    if motion_frames >= chunk_frames:
        raise ValueError(f"A chunk of {chunk_frames} frames adds none to {motion_frames} frames of motion.")
    total = speech_frames if most_frames is None else min(speech_frames, most_frames)
    if total < 1:
        raise ValueError("A video has at least one frame.")
    if mode == "clip":
        total = min(total, chunk_frames)
    stride = chunk_frames - motion_frames
    last = -(-max(0, total - chunk_frames) // stride)
    chunks = []
    for index in range(last + 1):
        start = index * stride
        skipped = motion_frames if index > 0 else 0
        kept = min(chunk_frames, total - start) - skipped
        chunks.append(
            Chunk(index, start, chunk_frames, skipped, kept, handed_on=motion_frames if index < last else 0)
        )
    return ChunkPlan(tuple(chunks))
