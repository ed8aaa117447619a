"""The comparison with golden numbers tells close from not close, and the numbers are all there."""

from pathlib import Path

import pytest
import torch

from tests.latentsync.golden import golden, grey_levels, relative_error
from tests.latentsync.golden_faces import FOUND, PICTURES
from tests.latentsync.golden_inputs import (
    ANCHORS,
    LOOPS,
    SAMPLINGS,
    SOUNDS,
    TRACKS,
    UNET_CASES,
    face_crops,
    portrait,
    sound,
    unet_inputs,
    values,
)


def test_one_number_that_is_off_is_found() -> None:
    wanted = torch.linspace(-4, 4, 9)
    found = wanted.clone()
    found[4] += 4e-4

    assert relative_error(wanted, wanted) == 0
    assert relative_error(found, wanted) == pytest.approx(1e-4, rel=1e-3)
    with pytest.raises(AssertionError, match=r"\(8,\)"):
        relative_error(found[1:], wanted)


def test_levels_count_in_both_directions() -> None:
    wanted = torch.tensor([0, 100, 255], dtype=torch.uint8)

    assert grey_levels(torch.tensor([3, 100, 254], dtype=torch.uint8), wanted) == 3
    assert grey_levels(torch.tensor([0, 95, 255], dtype=torch.uint8), wanted) == 5


def test_golden_numbers_are_small_and_finite() -> None:
    files = sorted(Path(__file__).parent.glob("golden/*.npz"))

    assert sum(file.stat().st_size for file in files) < 3_000_000
    for file in files:
        for key, value in golden(file.stem).items():
            assert bool(torch.isfinite(value.double()).all()), f"{file.stem} {key}"


def test_every_case_has_its_numbers() -> None:
    lengths = golden("audio")["lengths"]

    assert lengths[:, 0].tolist() == list(SOUNDS.values())
    assert {f"states_{name}" for name in SOUNDS} <= set(golden("audio"))
    for case in UNET_CASES:
        latents, _ = unet_inputs(case)
        assert golden("unet")[case].shape == (latents.shape[0], 4, *latents.shape[2:])
    for name in SAMPLINGS:
        assert golden("sampling")[f"{name}_latents"].shape == (4, 21, 8, 8)
    frames = {name: len(golden("loop")[f"{name}_frames"]) for name in LOOPS}
    assert frames == {"looped": 20, "cut": 17}
    assert len(golden("pictures")["matrices_64"]) == len(ANCHORS)
    assert set(golden("tracks")) == set(TRACKS)
    assert len(golden("faces")["chosen"]) == len(FOUND)
    assert {f"{name}_points" for name in PICTURES} <= set(golden("faces"))


def test_inputs_stay_what_they_were() -> None:
    # Sums of the numbers that the original was given: other ones would be other inputs.
    assert float(values("full latents", 3).double().sum()) == pytest.approx(0.6819435, abs=1e-6)
    assert int(abs(sound("short").astype(int)).sum()) == 56431836
    assert int(face_crops("first", 3, 64).astype(int).sum()) == 4480749
    assert int(portrait(2).astype(int).sum()) == pytest.approx(125064066, rel=1e-3)
