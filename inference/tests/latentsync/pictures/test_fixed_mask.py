import numpy as np
import pytest

from polyreel_inference.engines.latentsync.pictures.fixed_mask import keep_mask, masked


def test_two_fifths_of_the_crop_are_regenerated_and_the_nose_is_not() -> None:
    mask = keep_mask(256)
    assert set(np.unique(mask)) == {0.0, 1.0}
    assert float((mask == 0).mean()) == pytest.approx(0.407, abs=5e-4)
    assert mask[110, 128] == 1
    assert mask[110, 40] == 0
    assert mask[180, 128] == 0
    assert mask[:95].min() == 1
    assert mask[243:].min() == 1


def test_the_mask_covers_the_known_cells_of_the_latent() -> None:
    cells = keep_mask(256)[::8, ::8]
    assert cells[:12].min() == 1
    assert np.flatnonzero((cells == 0).any(axis=1)).tolist() == list(range(12, 31))


def test_the_mask_of_the_large_network_is_soft_at_its_edge() -> None:
    mask = keep_mask(512)
    assert mask.shape == (512, 512)
    assert len(np.unique(mask)) > 50
    assert 0 <= mask.min() < mask.max() <= 1
    assert not mask.flags.writeable


def test_the_masked_crop_is_grey_where_it_is_regenerated_and_itself_elsewhere() -> None:
    crop = np.full((256, 256, 3), 255, np.uint8)
    shown = masked(crop)
    assert shown[180, 128].tolist() == [0, 0, 0]
    assert shown[10, 10].tolist() == [1, 1, 1]
