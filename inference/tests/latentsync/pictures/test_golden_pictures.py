"""Alignment, crops, mask and paste-back beside what the original makes of the same frames."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from polyreel_inference.engines.latentsync.pictures.alignment import Alignment, Matrix, Template, similarity
from polyreel_inference.engines.latentsync.pictures.crop import cut
from polyreel_inference.engines.latentsync.pictures.fixed_mask import keep_mask
from polyreel_inference.engines.latentsync.pictures.paste import Paster
from tests.latentsync.golden import golden, grey_levels
from tests.latentsync.golden_inputs import ANCHORS, FRAME_SIZE, picture, synced_face


def _points() -> list[NDArray[np.float64]]:
    return [np.array(anchors, np.float64) for anchors in ANCHORS]


def _matrices(resolution: int) -> list[Matrix]:
    alignment = Alignment(Template(resolution), "original")
    return [alignment.matrix(points) for points in _points()]


def _bytes(pictures: list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(pictures))


@pytest.mark.parametrize("resolution", [64, 256, 512])
def test_matrices_and_the_size_of_the_crop_are_the_originals(resolution: int) -> None:
    wanted = golden("pictures")
    assert wanted[f"face_size_{resolution}"].tolist() == list(Template(resolution).size)
    np.testing.assert_allclose(
        np.stack(_matrices(resolution)), wanted[f"matrices_{resolution}"], rtol=1e-5, atol=2e-3
    )
    plain = [similarity(points, Template(resolution).points)[0] for points in _points()]
    np.testing.assert_allclose(
        np.stack(plain), wanted[f"matrices_unmoved_{resolution}"], rtol=1e-5, atol=2e-3
    )


@pytest.mark.parametrize("resolution", [64, 512])
def test_the_mask_is_the_originals(resolution: int) -> None:
    wanted = golden("pictures")[f"mask_{resolution}"]
    assert grey_levels(torch.from_numpy(keep_mask(resolution) * 255).round().byte(), wanted) == 0


@pytest.mark.parametrize("resolution", [64, 256, 512])
def test_the_mask_the_network_gets_is_the_originals(resolution: int) -> None:
    mask = torch.from_numpy(keep_mask(resolution).copy())[None, None]
    side = resolution // 8
    latent = functional.interpolate(mask, size=(side, side))[0, 0]
    wanted = golden("pictures")[f"latent_mask_{resolution}"]
    assert float((latent.double() - wanted).abs().max()) < 1e-6


@pytest.mark.parametrize("resolution", [64, 256])
def test_crops_are_the_originals_within_two_grey_levels(resolution: int) -> None:
    template = Template(resolution)
    crops = _bytes(
        [
            cut(picture(*FRAME_SIZE, index), matrix, template)
            for index, matrix in enumerate(_matrices(resolution))
        ]
    )
    thinned = crops if resolution == 64 else crops[:, ::4, 1::4]
    wanted = golden("pictures")[f"crops_{resolution}"]
    assert grey_levels(thinned, wanted) <= 2
    assert float((thinned.int() - wanted.int()).abs().float().mean()) < 0.05


@pytest.mark.parametrize("resolution", [64, 256])
def test_pasted_frames_are_the_originals_within_a_grey_level(resolution: int) -> None:
    paster = Paster(Template(resolution), "rectangle")
    frames = []
    for index, matrix in enumerate(_matrices(resolution)):
        face = np.ascontiguousarray(synced_face(index, resolution).permute(1, 2, 0).numpy())
        frames.append(paster.paste(picture(*FRAME_SIZE, index), face, matrix))
    thinned = _bytes(frames)[:, ::2, 1::2]
    wanted = golden("pictures")[f"pasted_{resolution}"]
    assert grey_levels(thinned, wanted) <= 1
    assert float((thinned.int() - wanted.int()).abs().float().mean()) < 0.05
