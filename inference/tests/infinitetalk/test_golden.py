"""The comparison with golden numbers tells close from not close, and the numbers are all there."""

from pathlib import Path

import pytest
import torch

from tests.infinitetalk.golden import assert_close, golden, signal_to_noise
from tests.infinitetalk.golden_inputs import embedding, speech, windows
from tests.infinitetalk.golden_loops import LOOPS


def test_noise_of_a_hundredth_of_the_range_is_forty_decibels() -> None:
    wanted = torch.zeros(10)

    assert signal_to_noise(wanted + 0.02, wanted) == pytest.approx(40)
    assert signal_to_noise(wanted, wanted) == float("inf")


def test_one_number_that_is_off_is_found() -> None:
    wanted = torch.linspace(-4, 4, 9)
    found = wanted.clone()
    found[4] += 5e-4

    assert_close(found, wanted, tolerance=2e-4)
    with pytest.raises(AssertionError, match=r"5\.00e-04"):
        assert_close(found, wanted, tolerance=1e-4)
    with pytest.raises(AssertionError, match=r"\(8,\)"):
        assert_close(found[1:], wanted)


def test_every_generation_has_its_frames() -> None:
    frames = {name: golden("loops")[name].shape[1] for name in LOOPS}

    assert frames == {name: min(loop.frames, loop.most_frames) for name, loop in LOOPS.items()}


def test_golden_numbers_are_small_and_finite() -> None:
    files = sorted(Path(__file__).parent.glob("golden/*.npz"))

    assert sum(file.stat().st_size for file in files) < 3_000_000
    for file in files:
        for key, value in golden(file.stem).items():
            assert bool(torch.isfinite(value.double()).all()), f"{file.stem} {key}"


def test_inputs_stay_what_they_were() -> None:
    # Sums of the numbers that the original was given: other ones would be other inputs.
    assert float(embedding("person 1", 3).double().sum()) == pytest.approx(207.557604, abs=1e-3)
    assert float(abs(speech("anna", 0.1)).sum()) == pytest.approx(102.31042, abs=1e-3)
    assert torch.equal(windows(torch.arange(3.0))[0], torch.tensor([0.0, 0, 0, 1, 2]))
