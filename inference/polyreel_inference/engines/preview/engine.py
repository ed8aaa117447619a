"""The preview engine: all four kinds of tasks on a CPU, without weights, honest about being a preview."""

from typing import Any

from polyreel_inference import __version__
from polyreel_inference.engines.preview.clip import image_to_video, plan_clip, text_to_video
from polyreel_inference.engines.preview.lipsync import lipsync, plan_lipsync
from polyreel_inference.engines.preview.parameters import MODELS
from polyreel_inference.engines.preview.talk import plan_talk, talk
from polyreel_inference.faces.landmarks import FaceFinder
from polyreel_inference.host.engine import Engine, EngineDescription, Job, Reporter


class PreviewEngine(Engine):
    """Stateless between jobs: every job makes and frees its own networks and buffers."""

    def __init__(self, slots: int = 1) -> None:
        """`slots` jobs run at the same time, each needing about one core and 300 MiB."""
        if slots < 1:
            raise ValueError(f"slots must be at least 1, not {slots}")
        self._slots = slots

    def describe(self) -> EngineDescription:
        """See `Engine.describe`."""
        return EngineDescription("preview", __version__, MODELS, "cpu", self._slots)

    def load(self) -> None:
        """Load the face networks once, so that a broken installation shows at the start and not in a job."""
        FaceFinder().close()

    def resolve(self, job: Job) -> dict[str, Any]:
        """See `Engine.resolve`."""
        match job.kind:
            case "talk":
                return plan_talk(job).resolved()
            case "lipsync":
                return plan_lipsync(job).resolved()
            case "t2v" | "i2v":
                return plan_clip(job).resolved()

    def generate(self, job: Job, reporter: Reporter) -> str:
        """See `Engine.generate`."""
        match job.kind:
            case "talk":
                return talk(job, reporter)
            case "lipsync":
                return lipsync(job, reporter)
            case "t2v":
                return text_to_video(job, reporter)
            case "i2v":
                return image_to_video(job, reporter)

    def close(self) -> None:
        """Nothing is held between jobs."""
