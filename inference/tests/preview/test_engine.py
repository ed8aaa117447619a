import subprocess
import sys
import textwrap
import wave
from pathlib import Path

import numpy as np
import pytest

from polyreel_inference.engines.preview.engine import PreviewEngine
from polyreel_inference.engines.preview.framing import Framing, choose_size
from polyreel_inference.engines.preview.watermark import Watermark
from polyreel_inference.host.engine import TaskKind
from polyreel_inference.host.errors import Cancelled, EngineError, ErrorCode
from polyreel_inference.media.errors import UnreadableMedia
from tests.preview.conftest import SPEECH
from tests.preview.jobs import SAMPLES, RememberingReporter, job_of

ROOT = Path(__file__).resolve().parents[2]


def test_it_describes_four_kinds_under_the_honest_name() -> None:
    described = PreviewEngine(slots=2).describe()
    assert (described.engine, described.device, described.slots) == ("preview", "cpu", 2)
    (model,) = described.models
    assert model.name == "preview"
    assert [kind.kind for kind in model.kinds] == ["talk", "lipsync", "t2v", "i2v"]
    for kind in model.kinds:
        for parameter in kind.parameters:
            assert parameter.description
            if isinstance(parameter.default, int | float) and parameter.minimum is not None:
                assert parameter.maximum is not None
                assert parameter.minimum <= parameter.default <= parameter.maximum
    with pytest.raises(ValueError, match="slots"):
        PreviewEngine(slots=0)


@pytest.mark.parametrize("kind", ["talk", "lipsync", "i2v", "t2v"])
def test_a_cancel_stops_the_job_at_the_next_frame_and_leaves_no_file(tmp_path: Path, kind: TaskKind) -> None:
    inputs = {
        "talk": {"image": SAMPLES / "portrait.jpg", "audio": SPEECH},
        "lipsync": {"video": SAMPLES / "portrait.mp4", "audio": SPEECH},
        "i2v": {"image": SAMPLES / "portrait.jpg"},
        "t2v": {},
    }[kind]
    job = job_of(tmp_path, kind, inputs, width=128, height=128)
    reporter = RememberingReporter(cancel_at=9)
    with pytest.raises(Cancelled):
        PreviewEngine().generate(job, reporter)
    assert reporter.checks == 9
    assert reporter.outputs == {}
    assert not list(tmp_path.glob("*.mp4"))


def test_sound_shorter_than_a_syllable_is_refused_by_code(tmp_path: Path) -> None:
    short = tmp_path / "short.wav"
    with wave.open(str(short), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\0\0" * 800)
    job = job_of(tmp_path, "talk", {"image": SAMPLES / "portrait.jpg", "audio": short})
    with pytest.raises(EngineError, match=r"0\.05 s") as caught:
        PreviewEngine().resolve(job)
    assert caught.value.code is ErrorCode.AUDIO_TOO_SHORT


@pytest.mark.parametrize("role", ["image", "audio"])
def test_unreadable_files_are_refused_in_words_without_paths(tmp_path: Path, role: str) -> None:
    text = tmp_path / "fake.png"
    text.write_text("this is no picture and no sound")
    job = job_of(tmp_path, "talk", {"image": SAMPLES / "portrait.jpg", "audio": SPEECH} | {role: text})
    with pytest.raises(UnreadableMedia) as caught:
        PreviewEngine().resolve(job)
    assert str(tmp_path) not in str(caught.value)


def test_a_sound_file_is_no_reference_video(tmp_path: Path) -> None:
    for kind in ("talk", "lipsync"):
        job = job_of(tmp_path, kind, {"video": SPEECH, "audio": SPEECH})
        with pytest.raises(EngineError, match="no picture") as caught:
            PreviewEngine().resolve(job)
        assert caught.value.code is ErrorCode.INVALID_INPUT


@pytest.mark.parametrize(
    ("asked", "source", "size"),
    [
        ({}, (512, 384), (512, 384)),
        ({}, (4000, 3000), (1024, 768)),
        ({}, (513, 385), (512, 384)),
        ({"width": 256}, (512, 384), (256, 192)),
        ({"height": 300}, (400, 600), (200, 300)),
        ({"width": 640, "height": 360}, (10, 10), (640, 360)),
        ({}, (5000, 40), (1024, 64)),
    ],
)
def test_the_size_follows_the_request_or_the_source(
    asked: dict[str, int], source: tuple[int, int], size: tuple[int, int]
) -> None:
    assert choose_size(asked, source) == size
    framing = Framing.fill(source, size).looking_at(1e6, -5)
    assert framing.scaled_width >= framing.left + framing.width
    assert framing.top == 0
    picture = framing.apply(np.zeros((source[1], source[0], 3), np.uint8))
    assert picture.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("size", [(64, 64), (512, 512), (2048, 64), (64, 2048)])
def test_the_tag_is_in_the_corner_and_nowhere_else(size: tuple[int, int]) -> None:
    width, height = size
    frame = np.full((height, width, 3), 128, np.uint8)
    Watermark(width, height).stamp(frame)
    touched = np.argwhere((frame != 128).any(axis=2))
    assert len(touched) > 20
    assert touched[:, 0].min() >= height * 0.75
    assert frame.max() > 190


def test_the_tag_can_be_switched_off(tmp_path: Path) -> None:
    def poster(folder: str, watermark: bool) -> bytes:
        job = job_of(
            tmp_path / folder, "t2v", {}, width=128, height=128, frames=1, seed=1, watermark=watermark
        )
        reporter = RememberingReporter()
        PreviewEngine().generate(job, reporter)
        return reporter.outputs["poster"][1].read_bytes()

    assert poster("on", True) != poster("off", False)
    assert poster("off again", False) == poster("off once more", False)


def _peak_of_a_talk(folder: Path, sound: str) -> int:
    """Most memory in MiB that a process ever held which did nothing but this job.

    What a job leaves to the allocator would hide what the next one takes, and `getrusage` counts the memory
    of the process that started this one.
    """
    script = """
        import sys
        from pathlib import Path
        from polyreel_inference.devices.process_memory import peak_bytes
        from tests.preview.jobs import SAMPLES, run_job
        folder, sound = Path(sys.argv[1]), sys.argv[2]
        inputs = {"image": SAMPLES / "portrait.jpg", "audio": folder / f"{sound}.wav"}
        run_job(folder / sound, "talk", inputs, width=256, seed=1)
        print(peak_bytes())
    """
    argv = [sys.executable, "-c", textwrap.dedent(script), str(folder), sound]
    done = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) // 1024**2


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    samples = np.tile(np.sin(np.arange(8000) / 8000 * 2 * np.pi * 180) * np.hanning(8000) * 9000, 60)
    for name, seconds in (("short", 5), ("long", 30)):
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(samples[: seconds * 16_000].astype("<i2").tobytes())
    short, long = (_peak_of_a_talk(tmp_path, name) for name in ("short", "long"))
    # 25 s more sound take about 10 MiB with their analysis; 625 frames that were held would be 117 MiB.
    assert long - short < 50, f"{short} MiB for 5 s, {long} MiB for 30 s"
