"""What the golden numbers were made from: inputs that a formula or a seed gives, so that none is stored."""

import wave
import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PORTRAIT = Path(__file__).parents[2] / "samples" / "portrait.mp4"
SAMPLE_RATE = 16000

SOUNDS = {"short": 20800, "odd": 21040, "pause": 19200, "minimum": 640, "long": 496100}
"""Lengths in samples."""


def values(name: str, *shape: int) -> Tensor:
    """Return float32 numbers even in -1.73..1.73, so of deviation 1, that `name` seeds."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    return (torch.from_numpy(generator.random(shape, dtype=np.float32)) - 0.5) * 12**0.5


def sound(name: str, samples: int | None = None) -> NDArray[np.int16]:
    """Return 16-bit mono sound at 16 kHz: two gliding tones that swell four times a second, and some noise.

    `samples` defaults to that of `SOUNDS`; of "pause" the second half is digital silence.
    """
    samples = SOUNDS[name] if samples is None else samples
    time = np.arange(samples) / SAMPLE_RATE
    pitch = 110 + zlib.crc32(name.encode()) % 120
    voice = np.sin(2 * np.pi * pitch * time * (1 + 0.1 * (time % 3))) + 0.5 * np.sin(
        6.1 * np.pi * pitch * time
    )
    swell = 0.5 - 0.5 * np.cos(8 * np.pi * time)
    wave = 0.25 * voice * swell + 0.01 * values(f"noise of {name}", samples).numpy()
    if name == "pause":
        wave[samples // 2 :] = 0
    return np.round(wave * 32767).astype(np.int16)


UNET_CASES = {"full": (1, 16, 8), "partial": (1, 5, 8), "pair": (2, 7, 8), "wide": (1, 3, 16)}
"""Batch, frames, and height and width of the latents."""

UNET_TIMESTEPS = {"full": 951, "partial": 501, "pair": 1, "wide": 251}


def unet_inputs(case: str) -> tuple[Tensor, Tensor]:
    """Return the 13 channels [B, 13, f, h, h] and the speech [B * f, 50, 384] of one of `UNET_CASES`.

    In "pair" the first half of the batch hears nothing: zeros.
    """
    batch, frames, size = UNET_CASES[case]
    latents = values(f"{case} latents", batch, 13, frames, size, size)
    speech = values(f"{case} speech", batch * frames, 50, 384)
    if case == "pair":
        speech[:frames] = 0
    return latents, speech


def picture(height: int, width: int, shift: int = 0) -> NDArray[np.uint8]:
    """Return a smooth colourful picture [height, width, 3] with some edges; `shift` makes others of it."""
    rows, columns = np.mgrid[0:height, 0:width]
    red = 128 + 100 * np.sin(rows / 9 + shift) + 20 * ((columns // 16) % 2)
    green = 120 + 90 * np.cos((rows + columns) / 14 - shift)
    blue = 90 + 60 * ((rows // 12) % 2) + 40 * np.sin(columns / 11 + 2 * shift)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def face_crops(name: str, frames: int, resolution: int) -> NDArray[np.uint8]:
    """Return aligned crops [frames, 3, resolution, resolution] that change a little from one to the next."""
    first = zlib.crc32(name.encode()) % 7
    shown = [picture(resolution, resolution, first).astype(float)]
    drift = values(f"{name} crops", frames, 3).numpy()
    for index in range(1, frames):
        shown.append(np.clip(np.roll(shown[0], index, axis=1) + 12 * drift[index], 0, 255))
    return np.stack(shown).astype(np.uint8).transpose(0, 3, 1, 2)


def portrait(frames: int) -> NDArray[np.uint8]:
    """Return the first frames [frames, 384, 384, 3] of the sample with a talking face."""
    with av.open(str(PORTRAIT)) as container:
        first = islice(container.decode(video=0), frames)
        return np.stack([frame.to_ndarray(format="rgb24") for frame in first])


SAMPLINGS = {
    "plain": (4, 1.0, False),
    "guided": (4, 1.5, False),
    "cached_plain": (7, 1.0, True),
    "cached_guided": (7, 1.5, True),
}
"""Denoising steps, guidance scale, and whether DeepCache skips two steps of three.

All were asked of `face_crops("sampling", 21, 64)` and the windows `values("sampling speech", 21, 50, 384)`.
"""


FRAME_SIZE = (170, 150)
"""Height and width of the frames that the faces of `ANCHORS` lie in."""

ANCHORS = (
    ((52, 60), (92, 58), (73, 80)),
    ((53, 61), (93, 60), (73, 81)),
    ((50, 66), (94, 56), (76, 84)),
    ((60, 52), (88, 76), (63, 79)),
    ((14, 40), (66, 44), (38, 68)),
    ((96, 120), (141, 115), (121, 139)),
    ((62, 70), (84, 71), (72, 83)),
    ((95, 60), (48, 63), (74, 90)),
)
"""Left brow, right brow and nose (x, y) of eight frames in a row: turned, over the edges, small, mirrored."""


def synced_face(index: int, resolution: int) -> Tensor:
    """Return a decoded face [3, resolution, resolution] in -1..1 and a little beyond."""
    shown = torch.from_numpy(picture(resolution, resolution, index + 3)).permute(2, 0, 1).float()
    return (shown / 127.5 - 1) * 1.1 + 0.02 * values(f"synced face {index}", 3, resolution, resolution)


@dataclass(frozen=True)
class Loop:
    """One whole job: the first `frames` of the sample video and `sound(NAME, samples)`, seed 1247."""

    frames: int
    samples: int
    steps: int
    guidance_scale: float
    cached: bool


LOOPS = {
    "looped": Loop(frames=12, samples=11520, steps=3, guidance_scale=1.5, cached=False),
    "cut": Loop(frames=24, samples=9600, steps=4, guidance_scale=1.0, cached=True),
}
"""Jobs of 20 frames, of which the video has 12, there and back; and of 17, where the sound ends before it."""


TRACKS = {"stereo_44100": (44100, 2), "mono_48000": (48000, 1), "mono_22050": (22050, 1)}
"""Samples per second and channels of tracks that last half a second."""


def write_track(name: str, path: Path) -> Path:
    """Write one of `TRACKS` as a WAV file of 16 bits to `path` and return it."""
    rate, channels = TRACKS[name]
    samples = np.stack([sound(f"{name} {channel}", rate // 2) for channel in range(channels)], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path
