"""Talking faces in moving pictures, frame by frame in a stream."""

from collections.abc import Callable, Iterator
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.delivery import Delivery
from polyreel_inference.engines.preview.face_track import FaceTracker
from polyreel_inference.engines.preview.framing import Framing
from polyreel_inference.engines.preview.talking_face import TalkingPicture, prepare
from polyreel_inference.faces.landmarks import Face
from polyreel_inference.media.video_reader import VideoReader

Image = NDArray[np.uint8]

_JAW_LINE = [
    *(234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152),
    *(377, 400, 378, 379, 365, 397, 288, 361, 323, 454),
]
_NOSE_TIP = 4
_GREY = 127


def speak_in(
    video: VideoReader,
    framing: Framing,
    deliveries: list[Delivery],
    frames: int,
    mask: Callable[[Image], None] | None = None,
) -> Iterator[Image]:
    """Yield `frames` frames of the video in which person i speaks delivery i; the video runs to and fro.

    `mask`, when given, receives each source frame with the lower faces greyed, before that frame is yielded.
    """
    scene = TalkingPicture(framing.width, framing.height)
    source = (framing.apply(frame) for frame in islice(video.ping_pong(), frames))
    with FaceTracker(len(deliveries)) as tracker:
        for index, (image, faces) in enumerate(tracker.follow(source)):
            if mask is not None:
                mask(grey_lower_faces(image, faces))
            people = [
                (prepare(face, image, whole_head=False), delivery.pose(index))
                for face, delivery in zip(faces, deliveries, strict=True)
                if face is not None
            ]
            yield scene.render(image, people)


def grey_lower_faces(image: Image, faces: list[Face | None]) -> Image:
    """A copy of an RGB frame with everything from the nose to the jaw line of each face in plain grey."""
    out = image.copy()
    for face in faces:
        if face is None:
            continue
        outline = face.points[_JAW_LINE]
        # From the ears straight over the tip of the nose: the part a lip-sync model has to invent.
        across = face.points[_JAW_LINE[-1]] - face.points[_JAW_LINE[0]]
        across = across / max(float(np.linalg.norm(across)), 1e-6)
        down = np.array([-across[1], across[0]], np.float32)
        depth = (outline - face.points[_NOSE_TIP]) @ down
        outline = outline + np.maximum(-depth, 0)[:, None] * down
        polygon = np.rint(outline * 16).astype(np.int32)
        cv2.fillPoly(out, [polygon], (_GREY, _GREY, _GREY), cv2.LINE_AA, 4)
    return out
