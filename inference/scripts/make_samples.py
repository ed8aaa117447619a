"""Make the sample portrait and speech in `inference/samples/`.

Needs, beside the preview engine's requirements: scikit-image 0.26 (the photograph) and espeakng-loader 0.2
(espeak-ng with its data, for the speech):

    pip install scikit-image espeakng-loader
    python scripts/make_samples.py

Run from `inference/`. The pictures come out the same every time; espeak-ng's breath noise is random, so the
speech (and the clip made with it) sounds the same but differs in its bytes.
"""

import ctypes
import sys
import tempfile
import wave
from pathlib import Path

import cv2
import espeakng_loader
import numpy as np
import skimage.data
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
sys.path.insert(0, str(ROOT))

from polyreel_inference.engines.preview.engine import PreviewEngine  # noqa: E402
from polyreel_inference.host.engine import InputFile, Job  # noqa: E402

_SIDE = 512
_CROP = (75, 0, 300)  # left, top, side of the head and shoulders in the photograph

_FIRST = (
    '<speak>Welcome to Polyreel. <break time="800ms"/>'
    'When I speak, my lips move. <break time="700ms"/> Now they rest.</speak>'
)
_SECOND = '<speak>Hello! <break time="600ms"/> I am the second voice, and I answer you.</speak>'

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_SSML = 0x10
_UTF8 = 1
_RATE, _PITCH = 1, 3


class Espeak:
    """espeak-ng through its C interface."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate: int = self._library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, 0)
        self._blocks: list[bytes] = []
        signature = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        self._callback = signature(self._receive)
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, words_per_minute: int, pitch: int) -> NDArray[np.int16]:
        """Speech for SSML `text`, [samples]; `pitch` 0 to 100."""
        self._blocks.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"espeak-ng has no voice {voice}")
        self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        encoded = text.encode()
        self._library.espeak_Synth(encoded, len(encoded) + 1, 0, 1, 0, _UTF8 | _SSML, None, None)
        self._library.espeak_Synchronize()
        return np.frombuffer(b"".join(self._blocks), np.int16)

    def _receive(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: int | None) -> int:
        if count > 0:
            self._blocks.append(ctypes.string_at(samples, count * 2))
        return 0


def _write_wav(path: Path, samples: NDArray[np.int16], rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def _write_jpeg(path: Path, image: NDArray[np.uint8], quality: int) -> None:
    cv2.imwrite(str(path), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])


def _portrait() -> NDArray[np.uint8]:
    left, top, side = _CROP
    part = skimage.data.astronaut()[top : top + side, left : left + side]
    large = cv2.resize(part, (_SIDE, _SIDE), interpolation=cv2.INTER_LANCZOS4)
    soft = cv2.GaussianBlur(large, (0, 0), 1.6)
    return np.asarray(cv2.addWeighted(large, 1.35, soft, -0.35, 0), np.uint8)


def _second_person(portrait: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The portrait mirrored, in cooler light and with darker hair: another person at first sight."""
    lab = cv2.cvtColor(np.ascontiguousarray(portrait[:, ::-1]), cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[..., 0] = 255 * (lab[..., 0] / 255) ** 1.22
    lab[..., 1] = 128 + (lab[..., 1] - 128) * 1.15 + 2
    lab[..., 2] = 128 + (lab[..., 2] - 128) * 0.62
    return np.asarray(cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB), np.uint8)


class _Silent:
    """A reporter nobody listens to; keeps the result."""

    def __init__(self) -> None:
        self.result = Path()

    def progress(self, *_: object, **__: object) -> None: ...

    def preview(self, media_type: str, data: bytes) -> None: ...

    def check_cancelled(self) -> None: ...

    def output(self, role: str, _: str, path: Path) -> None:
        if role == "result":
            self.result = path


def _talking_clip(portrait: Path, speech: Path, target: Path) -> None:
    def given(role: str, path: Path, media_type: str) -> InputFile:
        return InputFile(role, path, media_type, path.stat().st_size)

    inputs = {"image": given("image", portrait, "image/jpeg"), "audio": given("audio", speech, "audio/wav")}
    parameters = {
        **{"prompt": "lively", "width": 384, "height": 384, "fps": 25.0, "seconds": 2.4, "seed": 5},
        **{"audio_guidance_scale": 4.0, "audio_mode": "para", "watermark": False},
    }
    with tempfile.TemporaryDirectory() as folder:
        reporter = _Silent()
        job = Job("sample", 1, "talk", "preview", parameters, inputs, Path(folder))
        PreviewEngine().generate(job, reporter)
        target.write_bytes(reporter.result.read_bytes())


def main() -> None:
    """Write all samples."""
    SAMPLES.mkdir(exist_ok=True)
    portrait = _portrait()
    _write_jpeg(SAMPLES / "portrait.jpg", portrait, 90)
    _write_jpeg(SAMPLES / "two-people.jpg", np.hstack([portrait, _second_person(portrait)]), 86)
    espeak = Espeak()
    _write_wav(SAMPLES / "speech.wav", espeak.say(_FIRST, "en-us+f3", 158, 55), espeak.sample_rate)
    _write_wav(SAMPLES / "speech-second.wav", espeak.say(_SECOND, "en-us+m3", 160, 40), espeak.sample_rate)
    _talking_clip(SAMPLES / "portrait.jpg", SAMPLES / "speech.wav", SAMPLES / "portrait.mp4")
    for path in sorted(SAMPLES.glob("*.*")):
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
