import numpy as np
import pytest

from polyreel_inference.engines.preview.mouth_warp import Mouth, MouthWarp
from polyreel_inference.engines.preview.talking_face import Pose, TalkingPicture, prepare
from polyreel_inference.faces.landmarks import Face, FaceFinder
from polyreel_inference.media.image import read_image
from polyreel_inference.media.orientation import Frame
from tests.preview.jobs import SAMPLES


@pytest.fixture(scope="module")
def portrait() -> tuple[Frame, Face]:
    image = read_image(SAMPLES / "portrait.jpg")
    with FaceFinder() as finder:
        return image, finder.find(image)[0]


def warp(face: Face, openness: float, spread: float = 0.0) -> MouthWarp:
    y, x = np.mgrid[0:512, 0:512].astype(np.float32)
    return Mouth(face, 180.0).move(x, y, openness, spread)


def test_a_closed_mouth_shows_no_interior_and_an_open_one_grows_with_openness(
    portrait: tuple[Frame, Face],
) -> None:
    _, face = portrait
    dark = [float(warp(face, openness).inside.sum()) for openness in (0.0, 0.4, 0.7, 1.0)]
    # Processors round differently: what is left of nothing is far less than the shade of one pixel.
    assert dark[0] < 1e-6
    assert dark[0] < dark[1] < dark[2] < dark[3]


@pytest.mark.parametrize("openness", [0.0, 0.3, 1.0, 1.45])
@pytest.mark.parametrize("spread", [-1.0, 0.0, 1.0])
def test_nothing_folds_and_everything_far_away_stays(
    portrait: tuple[Frame, Face], openness: float, spread: float
) -> None:
    _, face = portrait
    moved = warp(face, openness, spread)
    y, x = np.mgrid[0:512, 0:512].astype(np.float32)
    assert np.isfinite(moved.x).all()
    assert np.isfinite(moved.y).all()
    # Below the mouth and beside it the picture is stretched, never turned over: rows stay in order.
    chin = int(face.points[152, 1])
    column = int(face.points[152, 0])
    below_lip = int(face.points[17, 1]) + 30
    assert (np.diff(moved.y[below_lip : chin + 90, column - 60 : column + 60], axis=0) > 0).all()
    far = np.hypot(x - face.centre[0], y - face.centre[1]) > 1.6 * face.height
    assert np.abs(moved.y - y)[far].max() < 0.01
    assert np.abs(moved.x - x)[far].max() < 0.01


def test_lids_close_over_the_eyes(portrait: tuple[Frame, Face]) -> None:
    image, face = portrait
    scene, person = TalkingPicture(512, 512), prepare(face, image, whole_head=True)
    with FaceFinder() as finder:

        def eye_opening(closed: float) -> float:
            points = finder.find(scene.render(image, [(person, Pose(0.2, 0.0, closed))]))[0].points
            return float(np.linalg.norm(points[159] - points[145]) / np.linalg.norm(points[33] - points[133]))

        assert eye_opening(1.0) < 0.6 * eye_opening(0.0)
