"""Engines on a tiny model that see faces by a script, and jobs run on them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.engine import LatentSyncEngine
from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace, Image
from polyreel_inference.engines.latentsync.options import LatentSyncOptions
from polyreel_inference.parallel.ranks import Ranks
from tests.latentsync.engine.jobs import job_of, parsed
from tests.latentsync.faces.scripted_landmarks import ScriptedLandmarks, face_at
from tests.serving.finished_run import Run
from tests.serving.streaming_reporter import RememberingReporter

Script = Callable[[Image], Sequence[DetectedFace]]
"""The faces of a picture."""


class FacesByPicture:
    """The landmark source of an engine whose script can be another one for every job."""

    def __init__(self) -> None:
        self.script: Script = one_face
        self._source = ScriptedLandmarks(lambda _, image: self.script(image))

    def find(self, image: Image) -> list[DetectedFace]:
        return self._source.find(image)

    def close(self) -> None:
        self._source.close()

    @property
    def closed(self) -> bool:
        return self._source.closed


def one_face(image: Image) -> list[DetectedFace]:
    """A face in the middle."""
    height, width = image.shape[:2]
    return [face_at(width / 2, height / 2, 0.8 * height)]


def engine_with(
    folder: Path, faces: FacesByPicture, *words: str, backend: Backend | None = None
) -> LatentSyncEngine:
    """A loaded engine of one process on the CPU, with the options of the command line in `words`."""
    options = LatentSyncOptions.of(parsed(*words, folder=str(folder)))
    checkpoint = LatentSyncFolder.open(options.checkpoint)
    engine = LatentSyncEngine(options, checkpoint, backend or CpuBackend(), Ranks(0, 1, 0), lambda: faces)
    engine.load()
    return engine


def run(engine: LatentSyncEngine, folder: Path, inputs: dict[str, Path], **given: Any) -> Run:
    """Resolve and generate, with one step unless another number is given."""
    job = job_of(engine.describe(), folder, inputs, **({"steps": 1} | given))
    reporter = RememberingReporter()
    done = Run(job, engine.resolve(job), engine.generate(job, reporter), reporter, folder / "watched.mp4")
    done.path.write_bytes(done.video)
    return done
