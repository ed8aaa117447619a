"""What a test knows of a job that an engine has done."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.host.engine import Job
from polyreel_inference.media.video_reader import VideoReader
from tests.serving.streaming_reporter import RememberingReporter


@dataclass(frozen=True)
class Run:
    """A finished job."""

    job: Job
    resolved: dict[str, Any]
    message: str
    reporter: RememberingReporter
    path: Path

    @property
    def video(self) -> bytes:
        """The file, equal for equal frames and sound."""
        return self.reporter.outputs["result"]

    @property
    def frames(self) -> NDArray[np.uint8]:
        """All frames as a player shows them, [n, height, width, 3]."""
        return np.stack(list(VideoReader(self.path)))
