"""Whether two modules hold the same weights, and two computations give the same numbers."""

import torch
from torch import Tensor, nn


def assert_same_weights(found: nn.Module, wanted: nn.Module) -> None:
    """Compare names and values, bit by bit."""
    values, references = found.state_dict(), wanted.state_dict()
    assert values.keys() == references.keys()
    different = [name for name in references if not torch.equal(values[name], references[name])]
    assert different == []


def assert_same_numbers(found: Tensor, wanted: Tensor) -> None:
    """Compare to 1e-5 of their size; no number of some thousands may be off by twice as much.

    How far a single one is off depends on how the processor rounds: up to 8e-6 was seen with AVX2.
    """
    assert found.shape == wanted.shape
    assert wanted.std() > 0.1
    assert (found - wanted).norm() / wanted.norm() < 1e-5
    torch.testing.assert_close(found, wanted, rtol=0, atol=2e-5)
