"""From speech and reference to the takes of a video: one, or one for each scene of the reference."""

from collections.abc import Sequence

from torch import Tensor

from polyreel_inference.engines.infinitetalk.chunks.chunk_plan import (
    PUBLISHED_CHUNK_FRAMES,
    PUBLISHED_MOTION_FRAMES,
    Mode,
    plan_chunks,
)
from polyreel_inference.engines.infinitetalk.pipeline.talk_request import Take
from polyreel_inference.engines.infinitetalk.reference.scenes import Scene
from polyreel_inference.engines.infinitetalk.reference.source import ReferenceSource
from polyreel_inference.media.orientation import Frame


class SceneReference(ReferenceSource):
    """The reference during one of its scenes; frames are counted from the beginning of the scene."""

    def __init__(self, reference: ReferenceSource, scene: Scene) -> None:
        self._reference, self._scene = reference, scene
        self.still = reference.still
        self.width, self.height = reference.width, reference.height

    def picture(self, frame: int) -> Frame:
        """See `ReferenceSource.picture`."""
        return self._reference.picture(self._scene.source_frame(frame))


def plan_takes(
    speech: Sequence[Tensor],
    reference: ReferenceSource,
    scenes: Sequence[Scene] = (),
    *,
    most_frames: int | None = None,
    chunk_frames: int = PUBLISHED_CHUNK_FRAMES,
    motion_frames: int = PUBLISHED_MOTION_FRAMES,
    mode: Mode = "streaming",
) -> tuple[Take, ...]:
    """Plan a video for the speech of each person, float32 [N, 12, 768], or its first `most_frames` frames.

    `scenes` of the reference become takes of their own, each with its part of the speech; without them there
    is a single take. Mode "clip" makes one chunk in all. Raises `ValueError` for speech of different lengths
    and whatever `plan_chunks` refuses.
    """
    lengths = {len(person) for person in speech}
    if len(lengths) != 1:
        raise ValueError(f"All people need speech of the same length, got {sorted(lengths)} frames.")
    total = min(lengths) if most_frames is None else min(*lengths, most_frames)
    if not scenes or mode == "clip":
        plan = plan_chunks(
            min(lengths),
            most_frames=most_frames,
            chunk_frames=chunk_frames,
            motion_frames=motion_frames,
            mode=mode,
        )
        return (Take(plan, reference, tuple(speech)),)
    return tuple(
        Take(
            plan_chunks(
                min(scene.stop, total) - scene.start, chunk_frames=chunk_frames, motion_frames=motion_frames
            ),
            SceneReference(reference, scene),
            tuple(person[scene.start : min(scene.stop, total)] for person in speech),
        )
        for scene in scenes
        if scene.start < total
    )
