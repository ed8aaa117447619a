import numpy as np
import pytest

from polyreel_inference.engines.latentsync.faces.mediapipe_source import MediaPipeLandmarks
from polyreel_inference.engines.latentsync.pictures.alignment import Alignment, Template
from polyreel_inference.media.image import read_image
from tests.latentsync.faces.scripted_landmarks import face_at
from tests.preview.jobs import SAMPLES


@pytest.mark.parametrize(
    ("width", "height", "score", "accepted"),
    [
        (50, 80, 0.5, True),
        (49.9, 80, 0.9, False),
        (60, 79.9, 0.9, False),
        (150, 100, 0.9, True),
        (151, 100, 0.9, False),
        (60, 300, 0.9, True),
        (59, 300, 0.9, False),
        (80, 100, 0.49, False),
    ],
)
def test_faces_are_accepted_by_size_shape_and_certainty(
    width: float, height: float, score: float, accepted: bool
) -> None:
    assert face_at(300, 300, height, width=width, score=score).acceptable is accepted


def test_the_mesh_gives_brows_and_nose_where_the_template_expects_them() -> None:
    image = read_image(SAMPLES / "portrait.jpg")
    with MediaPipeLandmarks() as landmarks:
        (face,) = landmarks.find(image)
    assert face.acceptable
    left, right, nose = face.anchors
    assert left[0] < nose[0] < right[0]
    template = Template(256)
    matrix = Alignment(template, "steady").matrix(face.anchors)
    laid = face.anchors @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(laid, template.points, atol=10)


def test_a_picture_without_a_face_has_none_and_two_people_are_two() -> None:
    with MediaPipeLandmarks() as landmarks:
        assert landmarks.find(np.full((240, 320, 3), 90, np.uint8)) == []
        assert len(landmarks.find(read_image(SAMPLES / "two-people.jpg"))) == 2
