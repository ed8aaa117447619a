"""The frames of the result before the mouths move: source frames in their order, each with its crop."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from polyreel_inference.engines.latentsync.faces.face_choice import FaceChoice
from polyreel_inference.engines.latentsync.faces.landmark_source import (
    DetectedFace,
    Image,
    LandmarkSource,
    Points,
)
from polyreel_inference.engines.latentsync.faces.steady_anchors import steady
from polyreel_inference.engines.latentsync.frame_order import FrameOrder
from polyreel_inference.engines.latentsync.pictures.alignment import (
    Alignment,
    Matrix,
    Smoothing,
    Template,
)
from polyreel_inference.engines.latentsync.pictures.crop import cut
from polyreel_inference.media.video_reader import VideoReader


@dataclass(frozen=True)
class AlignedFrame:
    """A frame of the result and where its face is.

    `image` is the RGB source frame [h, w, 3], possibly shared with other frames; `matrix` maps it to the
    upright crop and `crop` is what the network sees, uint8 [resolution, resolution, 3]. Both are None where
    no face is to be moved: such a frame passes through unchanged.
    """

    source: int
    image: Image
    matrix: Matrix | None
    crop: Image | None


class AlignedFootage:
    """Reads a video once in the order of the result, finds the face of each source frame and cuts it out.

    Only a few frames are held. Matrices of all source frames are kept (a few bytes each), so a video that
    runs to and fro is searched once, and its frames have the same crops in both directions.
    """

    def __init__(
        self,
        video: VideoReader,
        order: FrameOrder,
        landmarks: LandmarkSource,
        choice: FaceChoice,
        template: Template,
        smoothing: Smoothing,
        check_cancelled: Callable[[], None],
    ) -> None:
        """`order.source_frames` is the length of `video`."""
        self._video, self._order = video, order
        self._landmarks, self._choice = landmarks, choice
        self._template, self._smoothing = template, smoothing
        self._check_cancelled = check_cancelled

    def __iter__(self) -> Iterator[AlignedFrame]:
        """All frames of the result. Raises what `check_cancelled` raises, between any two frames."""
        matrices: list[Matrix | None] = []
        for index, (image, matrix) in enumerate(self._first_pass()):
            matrices.append(matrix)
            yield self._frame(index, image, matrix)
        for index, image in islice(self._repeats(), self._order.frames - self._order.distinct):
            self._check_cancelled()
            yield self._frame(index, image, matrices[index])

    def _frame(self, index: int, image: Image, matrix: Matrix | None) -> AlignedFrame:
        crop = None if matrix is None else cut(image, matrix, self._template)
        return AlignedFrame(index, image, matrix, crop)

    def _first_pass(self) -> Iterator[tuple[Image, Matrix | None]]:
        alignment = Alignment(self._template, self._smoothing)
        held: deque[Image] = deque()
        anchors = self._anchors(self._faces(islice(self._video.frames(), self._order.distinct), held))
        for points in anchors:
            yield held.popleft(), None if points is None else alignment.matrix(points)

    def _faces(self, images: Iterable[Image], held: deque[Image]) -> Iterator[DetectedFace | None]:
        for image in images:
            self._check_cancelled()
            held.append(image)
            yield self._choice.choose(image, self._landmarks.find(image))

    def _anchors(self, faces: Iterator[DetectedFace | None]) -> Iterator[Points | None]:
        if self._smoothing == "steady":
            return steady(faces)
        return (None if face is None else face.anchors for face in faces)

    def _repeats(self) -> Iterator[tuple[int, Image]]:
        last = self._order.source_frames - 1
        while True:
            back = zip(range(last, -1, -1), self._video.backwards(), strict=True)
            forth = zip(range(last + 1), self._video.frames(), strict=True)
            yield from chain(back, forth)
