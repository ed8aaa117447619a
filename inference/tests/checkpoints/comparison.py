"""Whether two modules hold the same weights."""

import torch
from torch import nn


def assert_same_weights(found: nn.Module, wanted: nn.Module) -> None:
    """Compare names and values, bit by bit."""
    values, references = found.state_dict(), wanted.state_dict()
    assert values.keys() == references.keys()
    different = [name for name in references if not torch.equal(values[name], references[name])]
    assert different == []
