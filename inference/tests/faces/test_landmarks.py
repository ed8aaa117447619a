import numpy as np

from polyreel_inference.faces.landmarks import FaceFinder
from polyreel_inference.media.image import read_image
from tests.preview.jobs import SAMPLES


def test_the_sample_portrait_has_one_face_with_the_parts_in_place() -> None:
    image = read_image(SAMPLES / "portrait.jpg")
    with FaceFinder() as finder:
        (face,) = finder.find(image)
    assert 150 < face.height < 220
    forehead, nose, lips, chin = (float(face.points[index, 1]) for index in (10, 4, 13, 152))
    assert forehead < nose < lips < chin
    # The mouth is where the picture is: teeth between the lips are the brightest neutral spot of the face.
    x, y = np.rint((face.points[13] + face.points[14]) / 2).astype(int)
    assert image[y - 1 : y + 2, x - 3 : x + 4].mean() > 170


def test_two_people_are_both_found_and_a_gradient_has_none() -> None:
    with FaceFinder() as finder:
        faces = finder.find(read_image(SAMPLES / "two-people.jpg"))
        assert len(faces) == 2
        assert abs(float(faces[0].centre[0]) - float(faces[1].centre[0])) > 300
        plain = np.repeat(np.linspace(0, 255, 320).astype(np.uint8)[None, :, None], 240, axis=0)
        assert finder.find(np.repeat(plain, 3, axis=2)) == []


def test_a_face_of_a_fourteenth_of_the_width_is_found_in_a_wide_picture() -> None:
    portrait = read_image(SAMPLES / "portrait.jpg")
    wide = np.full((600, 1600, 3), 190, np.uint8)
    wide[60:572, 1000:1512] = portrait
    with FaceFinder() as finder:
        (face,) = finder.find(wide)
    assert 1000 < face.centre[0] < 1512
