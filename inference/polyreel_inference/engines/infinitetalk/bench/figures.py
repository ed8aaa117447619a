"""What a benchmark found out."""

from dataclasses import dataclass

from polyreel_inference.serving.bench.step_figures import StepFigures


@dataclass(frozen=True)
class Figures:
    """Everything measured in one run; seconds of parts that were left out are None.

    `step_flops` is the arithmetic of one step on all `ranks` together, `peak_tflops` what one device could
    do, None where unknown. A chunk takes `chunk_steps` steps and adds `new_seconds` of video.
    `speech_encoder_seconds` are those for one second of speech on the CPU.
    """

    width: int
    height: int
    frames: int
    speakers: int
    forwards: int
    chunk_steps: int
    new_seconds: float
    device: str
    dtype: str
    options: str
    ranks: int
    step_flops: int
    peak_tflops: float | None
    steps: StepFigures
    text_encoder_seconds: float | None = None
    image_encoder_seconds: float | None = None
    speech_encoder_seconds: float | None = None
    vae_condition_seconds: float | None = None
    vae_motion_seconds: float | None = None
    vae_decode_seconds: float | None = None

    @property
    def tflops(self) -> float:
        """Arithmetic a second that one device did, in TFLOP/s."""
        return self.step_flops / self.steps.median_seconds / self.ranks / 1e12

    @property
    def peak_share(self) -> float | None:
        """Part of the device's peak, 0 to 1."""
        return None if self.peak_tflops is None else self.tflops / self.peak_tflops

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
