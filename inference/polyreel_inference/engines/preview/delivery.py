"""How much a mouth moves: from a speech to the pose of a face in one frame."""

from dataclasses import dataclass

from polyreel_inference.engines.preview.sound import Speech
from polyreel_inference.engines.preview.talking_face import Pose

NATURAL_STRENGTH = 4.0
"""The audio guidance scale at which mouths move as much as people's do."""


@dataclass(frozen=True)
class Delivery:
    """One person's speech, with the strength of its mouth movement (0 still, 1 natural, below 2)."""

    speech: Speech
    amplitude: float

    @classmethod
    def of(cls, speech: Speech, audio_guidance_scale: float) -> "Delivery":
        """The scale saturates: twice the natural one gives half as much again; no jaw is dislocated."""
        return cls(speech, 2.0 * (1.0 - 2.0 ** (-audio_guidance_scale / NATURAL_STRENGTH)))

    def pose(self, frame: int, closed_eyes: float = 0.0) -> Pose:
        """The pose in frame number `frame`."""
        openness = float(self.speech.openness[frame]) * self.amplitude
        spread = float(self.speech.width[frame]) * min(1.0, self.amplitude)
        return Pose(min(openness, 1.45), spread, closed_eyes)
