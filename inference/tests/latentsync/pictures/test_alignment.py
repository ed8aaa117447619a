import numpy as np
import pytest

from polyreel_inference.engines.latentsync.pictures.alignment import Alignment, Template, similarity


@pytest.mark.parametrize(("resolution", "size"), [(256, (210, 280)), (512, (420, 560))])
def test_the_crop_has_three_quarters_of_its_height(resolution: int, size: tuple[int, int]) -> None:
    assert Template(resolution).size == size


def test_the_template_is_that_of_the_published_models() -> None:
    wanted = np.array([[47.6, 56], [162.4, 56], [105, 112]])
    np.testing.assert_allclose(Template(256).points, wanted, atol=1e-9)
    np.testing.assert_allclose(Template(512).points, wanted * 2, atol=1e-9)


def test_a_turned_and_scaled_template_is_laid_back_exactly() -> None:
    template = Template(256)
    angle, scale = 0.4, 0.37
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    seen = template.points @ turn.T + [640, 300]
    matrix = Alignment(template, "steady").matrix(seen)
    np.testing.assert_allclose(seen @ matrix[:, :2].T + matrix[:, 2], template.points, atol=1e-9)


def test_the_map_never_mirrors_not_even_a_mirrored_face() -> None:
    mirrored = Template(256).points * [-1, 1] + [400, 0]
    matrix, _ = similarity(mirrored, Template(256).points)
    assert np.linalg.det(matrix[:, :2]) > 0


def test_the_original_rounds_points_and_mixes_in_the_shift_of_the_frame_before() -> None:
    template = Template(256)
    first = np.array([[100.4, 120.2], [160.3, 118.6], [133.2, 150.9]])
    second = first + np.array([[0, 1], [2, 0], [5, 3]])
    alignment = Alignment(template, "original")
    matrices = [alignment.matrix(first), alignment.matrix(second)]
    plain = [similarity(np.rint(points), template.points) for points in (first, second)]
    np.testing.assert_allclose(matrices[0][:, 2], plain[0][0][:, 2] + plain[0][1], atol=1e-12)
    mixed = 0.2 * plain[0][1] + 0.8 * plain[1][1]
    np.testing.assert_allclose(matrices[1][:, 2], plain[1][0][:, 2] + mixed, atol=1e-12)
    np.testing.assert_allclose(matrices[1][:, :2], plain[1][0][:, :2], atol=1e-12)
