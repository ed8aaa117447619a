"""Offloaded encoders: the same results, host memory at rest, usable after a failed allocation."""

import pytest
import torch
from torch import nn

from polyreel_inference.diffusion.memory.encoder_placement import OffloadedEncoders, ResidentEncoders

CPU = torch.device("cpu")


def test_results_do_not_depend_on_the_placement() -> None:
    encoder, x = nn.Linear(4, 4), torch.randn(2, 4)
    resident, offloaded = ResidentEncoders(CPU), OffloadedEncoders(CPU)
    resident.place(encoder)
    with resident.on_device(encoder):
        expected = encoder(x)
    offloaded.place(encoder)
    for _ in range(2):
        with offloaded.on_device(encoder):
            assert torch.equal(encoder(x), expected)


def test_device_memory_is_held_only_inside_the_context() -> None:
    encoder = nn.Linear(4, 4)
    placement = OffloadedEncoders(CPU)
    placement.place(encoder)
    at_rest = encoder.weight.data_ptr()
    with placement.on_device(encoder):
        inside = encoder.weight.data_ptr()
        with placement.on_device(encoder):
            assert encoder.weight.data_ptr() == inside
        assert encoder.weight.data_ptr() == inside
    assert inside != at_rest
    assert encoder.weight.data_ptr() == at_rest


def test_an_error_inside_lets_the_device_memory_go() -> None:
    encoder = nn.Linear(4, 4)
    placement = OffloadedEncoders(CPU)
    placement.place(encoder)
    at_rest = encoder.weight.data_ptr()
    with pytest.raises(RuntimeError), placement.on_device(encoder):
        encoder(torch.randn(2, 5))
    assert encoder.weight.data_ptr() == at_rest


def test_a_failed_allocation_leaves_the_module_usable() -> None:
    """A device that this build of torch lacks stands for one that has no memory left."""
    encoder, x = nn.Linear(4, 4), torch.randn(2, 4)
    expected = encoder(x)
    placement = OffloadedEncoders(torch.device("xpu"))
    placement.place(encoder)
    with pytest.raises(Exception, match="XPU"), placement.on_device(encoder):
        pass
    assert torch.equal(encoder(x), expected)


def test_a_module_that_was_not_placed_is_refused() -> None:
    with pytest.raises(KeyError), OffloadedEncoders(CPU).on_device(nn.Linear(2, 2)):
        pass
