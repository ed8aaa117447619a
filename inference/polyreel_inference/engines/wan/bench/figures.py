"""What a benchmark found out."""

from dataclasses import dataclass

from polyreel_inference.serving.bench.denoising_figures import DenoisingFigures
from polyreel_inference.serving.bench.step_figures import StepFigures


@dataclass(frozen=True, kw_only=True)
class Figures(DenoisingFigures):
    """Everything measured in one run; seconds of parts that were left out are None.

    `steps` is the number a whole job takes; `experts` are the transformers in memory, which take turns.
    """

    model: str
    experts: int
    steps: int
    ours: StepFigures
    diffusers: StepFigures | None = None
    text_encoder_seconds: float | None = None
    image_encoder_seconds: float | None = None
    vae_encode_seconds: float | None = None
    vae_decode_seconds: float | None = None

    @property
    def timed(self) -> StepFigures:
        """See `DenoisingFigures.timed`."""
        return self.ours

    @property
    def speedup(self) -> float | None:
        """How many of our steps take the time of one of diffusers'."""
        if self.diffusers is None:
            return None
        return self.diffusers.median_seconds / self.ours.median_seconds

    @property
    def job_seconds(self) -> float:
        """A whole job: all steps and the parts that were measured."""
        parts = (
            self.text_encoder_seconds,
            self.image_encoder_seconds,
            self.vae_encode_seconds,
            self.vae_decode_seconds,
        )
        return self.steps * self.ours.median_seconds + sum(part for part in parts if part is not None)
