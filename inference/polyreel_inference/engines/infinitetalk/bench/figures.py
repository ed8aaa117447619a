"""What a benchmark found out."""

from dataclasses import dataclass

from polyreel_inference.serving.bench.denoising_figures import DenoisingFigures
from polyreel_inference.serving.bench.step_figures import StepFigures


@dataclass(frozen=True, kw_only=True)
class Figures(DenoisingFigures):
    """Everything measured in one run; seconds of parts that were left out are None.

    A chunk takes `chunk_steps` steps and adds `new_seconds` of video.
    `speech_encoder_seconds` are those for one second of speech on the CPU.
    """

    speakers: int
    chunk_steps: int
    new_seconds: float
    steps: StepFigures
    text_encoder_seconds: float | None = None
    image_encoder_seconds: float | None = None
    speech_encoder_seconds: float | None = None
    vae_condition_seconds: float | None = None
    vae_motion_seconds: float | None = None
    vae_decode_seconds: float | None = None

    @property
    def timed(self) -> StepFigures:
        """See `DenoisingFigures.timed`."""
        return self.steps

    @property
    def chunk_seconds(self) -> float:
        """A chunk in the middle of a video of a still picture: its steps, and its frames in and out.

        Texts, picture and condition are encoded once a video, speech beforehand; they are not in it.
        """
        frames = sum(part for part in (self.vae_motion_seconds, self.vae_decode_seconds) if part is not None)
        return self.chunk_steps * self.steps.median_seconds + frames

    @property
    def seconds_per_second(self) -> float:
        """Seconds of computing for a second of video."""
        return self.chunk_seconds / self.new_seconds
