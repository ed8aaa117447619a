"""What a benchmark found out."""

from dataclasses import dataclass

from polyreel_inference.serving.bench.step_figures import StepFigures


@dataclass(frozen=True)
class Figures:
    """Everything measured in one run; seconds of parts that were left out are None.

    `step_flops` is the arithmetic of one step on all `ranks` together, `peak_tflops` what one device could
    do, None where unknown. `steps` is the number a whole job takes, `forwards` those of one step; `experts`
    are the transformers in memory, which take turns.
    """

    model: str
    width: int
    height: int
    frames: int
    experts: int
    forwards: int
    steps: int
    device: str
    dtype: str
    options: str
    ranks: int
    step_flops: int
    peak_tflops: float | None
    ours: StepFigures
    diffusers: StepFigures | None = None
    text_encoder_seconds: float | None = None
    image_encoder_seconds: float | None = None
    vae_encode_seconds: float | None = None
    vae_decode_seconds: float | None = None

    @property
    def tflops(self) -> float:
        """Arithmetic a second that one device did in our steps, in TFLOP/s."""
        return self.step_flops / self.ours.median_seconds / self.ranks / 1e12

    @property
    def peak_share(self) -> float | None:
        """Part of the device's peak, 0 to 1."""
        return None if self.peak_tflops is None else self.tflops / self.peak_tflops

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
