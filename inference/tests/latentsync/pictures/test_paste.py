import numpy as np
import pytest
from numpy.typing import NDArray

from polyreel_inference.engines.latentsync.pictures.alignment import Alignment, Matrix, Template
from polyreel_inference.engines.latentsync.pictures.crop import cut
from polyreel_inference.engines.latentsync.pictures.fixed_mask import masked
from polyreel_inference.engines.latentsync.pictures.paste import PastedPart, Paster
from polyreel_inference.media.image import read_image
from tests.preview.jobs import SAMPLES

_TEMPLATE = Template(256)
_FACE = np.array([[212.3, 178.1], [287.9, 171.4], [252.6, 214.8]])
_PARTS: list[PastedPart] = ["mouth", "rectangle"]


@pytest.fixture(scope="module")
def portrait() -> NDArray[np.uint8]:
    return read_image(SAMPLES / "portrait.jpg")


def _matrix(x: float = 0, y: float = 0) -> Matrix:
    return Alignment(_TEMPLATE, "steady").matrix(_FACE + np.array([x, y]))


def _plain(level: float) -> NDArray[np.float32]:
    return np.full((256, 256, 3), level, np.float32)


@pytest.mark.parametrize("part", _PARTS)
def test_the_crop_itself_pasted_back_changes_little(part: PastedPart, portrait: NDArray[np.uint8]) -> None:
    matrix = _matrix()
    crop = cut(portrait, matrix, _TEMPLATE).astype(np.float32) / 127.5 - 1
    out = Paster(_TEMPLATE, part).paste(portrait, crop, matrix)
    assert np.abs(out.astype(int) - portrait).mean() < 1.0
    assert np.abs(out.astype(int) - portrait).max() < 60


@pytest.mark.parametrize("part", _PARTS)
@pytest.mark.parametrize("shift", [(0, 0), (-230, -160), (200, 280)])
def test_the_same_pixels_come_from_a_large_frame_as_from_a_small_one(
    part: PastedPart, shift: tuple[int, int], portrait: NDArray[np.uint8]
) -> None:
    paster = Paster(_TEMPLATE, part)
    small = paster.paste(portrait, _plain(1), _matrix(*shift))
    assert (small != portrait).any()
    large = np.pad(portrait, ((0, 40), (0, 60), (0, 0)), mode="edge")
    height, width = portrait.shape[:2]
    same = paster.paste(large, _plain(1), _matrix(*shift))[: height - 80, : width - 80]
    if shift != (200, 280):  # there the border of the small frame cuts the soft border itself
        np.testing.assert_array_equal(same, small[: height - 80, : width - 80])


def test_only_the_mouth_is_touched_and_the_rest_stays_to_the_last_bit(portrait: NDArray[np.uint8]) -> None:
    matrix = _matrix()
    out = Paster(_TEMPLATE, "mouth").paste(portrait, _plain(-1), matrix)
    touched = (out != portrait).any(axis=2)
    rows, columns = np.nonzero(touched)
    upright = np.stack([columns, rows], axis=1) @ matrix[:, :2].T + matrix[:, 2]
    square = upright * [256 / 210, 256 / 280]
    assert square[:, 1].min() > 93
    assert square[:, 0].min() > 7
    assert square[:, 0].max() < 250
    # In the middle of the chin nothing of the frame is left.
    chin = np.linalg.solve(matrix[:, :2], np.array([128 * 210 / 256, 190 * 280 / 256]) - matrix[:, 2])
    x, y = np.rint(chin).astype(int)
    assert out[y, x].tolist() == [0, 0, 0]


def test_the_rectangle_has_a_soft_border_and_leaves_what_is_outside(portrait: NDArray[np.uint8]) -> None:
    matrix = _matrix()
    out = Paster(_TEMPLATE, "rectangle").paste(portrait, _plain(-1), matrix)
    rows, columns = np.nonzero((out != portrait).any(axis=2))
    upright = np.stack([columns, rows], axis=1) @ matrix[:, :2].T + matrix[:, 2]
    # The blur may reach a pixel of the frame beyond the crop, which here is 1.5 pixels of the crop.
    assert upright.min() > -2
    assert upright[:, 0].max() < 212
    assert upright[:, 1].max() < 282
    assert 50 < (out == 0).all(axis=2).sum() < len(rows)


def test_the_mask_frame_shows_the_footage_with_a_grey_mouth(portrait: NDArray[np.uint8]) -> None:
    matrix = _matrix()
    crop = cut(portrait, matrix, _TEMPLATE)
    out = Paster(_TEMPLATE, "rectangle").paste(portrait, masked(crop), matrix)
    mouth = np.linalg.solve(matrix[:, :2], np.array([105, 200]) - matrix[:, 2])
    x, y = np.rint(mouth).astype(int)
    assert out[y, x].tolist() == [127, 127, 127]
    brow_x, brow_y = np.rint(_FACE[0]).astype(int)
    brow = out[brow_y - 3 : brow_y + 4, brow_x - 3 : brow_x + 4].astype(int)
    assert np.abs(brow - portrait[brow_y - 3 : brow_y + 4, brow_x - 3 : brow_x + 4]).mean() < 6


def test_a_face_smaller_than_the_soft_border_is_pasted_without_a_fault() -> None:
    tiny = np.array([[20.0, 20.0], [24.0, 20.0], [22.0, 22.0]])
    frame = np.full((48, 48, 3), 200, np.uint8)
    out = Paster(_TEMPLATE, "rectangle").paste(frame, _plain(-1), Alignment(_TEMPLATE, "steady").matrix(tiny))
    assert out.min() < 100


@pytest.mark.parametrize("part", _PARTS)
def test_a_face_outside_the_frame_changes_nothing(part: PastedPart, portrait: NDArray[np.uint8]) -> None:
    out = Paster(_TEMPLATE, part).paste(portrait, _plain(1), _matrix(5000, 0))
    np.testing.assert_array_equal(out, portrait)
