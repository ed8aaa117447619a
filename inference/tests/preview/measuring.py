"""Measurements on finished videos: what a viewer would see and hear."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.faces.landmarks import Crop, Face, FaceFinder, Mesh
from polyreel_inference.media.audio import read_audio
from polyreel_inference.media.orientation import Frame
from polyreel_inference.media.video_reader import VideoReader

FloatArray = NDArray[np.float64]

RATE = 16_000


def frames_of(path: Path) -> list[Frame]:
    return list(VideoReader(path))


def faces_of(frames: list[Frame], expected: int) -> list[list[Face]]:
    """The faces of each frame from left to right; every frame must show `expected` of them."""
    with FaceFinder() as finder:
        first = sorted(finder.find(frames[0]), key=lambda face: float(face.centre[0]))
    assert len(first) == expected
    # Without tracking: each frame is measured for itself, so that jitter is not hidden.
    mesh = Mesh(tracking=False)
    crops = [Crop.around(face) for face in first]
    found = [[face for crop in crops if (face := mesh.find(frame, crop)) is not None] for frame in frames]
    mesh.close()
    assert all(len(faces) == expected for faces in found), "a face got lost in the result"
    return found


def openings(frames: list[Frame], expected: int = 1) -> FloatArray:
    """Inner lip distance over face height per frame and person, [frames, expected], by re-detection."""
    return np.array([[face.mouth_opening() for face in faces] for faces in faces_of(frames, expected)])


def loudness(path: Path, fps: float, frames: int) -> FloatArray:
    """Root mean square of the video's sound during each frame, [frames]."""
    samples = read_audio(path, RATE).astype(np.float64)
    samples = np.pad(samples, (0, max(0, round(frames / fps * RATE) - len(samples))))
    edges = np.rint(np.arange(frames + 1) / fps * RATE).astype(int)
    energy = np.concatenate([[0.0], np.cumsum(samples**2)])
    return np.asarray(np.sqrt(np.diff(energy[edges]) / np.diff(edges)))


def in_pause(volume: FloatArray, fps: float) -> NDArray[np.bool_]:
    """Frames in the inner part of pauses: silent from 0.25 s before (the lips' release) to 0.08 s after."""
    silent = volume < 0.02 * volume.max()
    before, after = round(0.25 * fps), round(0.08 * fps)
    return np.array(
        [
            bool(silent[max(0, at - before) : at + after + 1].all()) and at >= before
            for at in range(len(silent))
        ]
    )


@dataclass(frozen=True)
class Streams:
    """What the file's header says; sound is "" and 0 when there is none."""

    codec: str
    pixel_format: str
    size: tuple[int, int]
    fps: float
    frames: int
    sound: str
    sample_rate: int
    duration: float


def streams_of(path: Path) -> Streams:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        audio = container.streams.audio[0] if container.streams.audio else None
        return Streams(
            video.codec_context.name,
            video.codec_context.pix_fmt or "",
            (video.codec_context.width, video.codec_context.height),
            float(video.average_rate or 0),
            video.frames,
            audio.codec_context.name if audio else "",
            audio.codec_context.sample_rate if audio else 0,
            (container.duration or 0) / av.time_base,
        )


def difference(one: Frame, other: Frame) -> float:
    """Mean absolute difference of two frames in grey levels."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())
