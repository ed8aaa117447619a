"""Weights in flat buffers: same values, same layout, one copy."""

import torch
from torch import nn

from polyreel_inference.diffusion.memory.host_copy import HostCopy

CPU = torch.device("cpu")


def _mixed_module() -> nn.Module:
    module = nn.Sequential(nn.Linear(5, 3, dtype=torch.bfloat16), nn.LayerNorm(7), nn.Conv2d(3, 4, 3))
    module.register_buffer("scale", torch.randn(3, 1))
    module.register_buffer("quantised", torch.randint(-128, 127, (3, 5), dtype=torch.int8))
    return module


def test_keeps_every_tensor_and_makes_one_buffer_of_each_dtype() -> None:
    module = _mixed_module()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    copy = HostCopy(module, CPU)
    assert set(copy.buffers) == {torch.bfloat16, torch.float32, torch.int8}
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_tensors_share_the_memory_of_the_buffers() -> None:
    module = nn.Linear(4, 4)
    copy = HostCopy(module, CPU)
    copy.buffers[torch.float32].fill_(7)
    assert torch.all(module.weight == 7)
    assert torch.all(module.bias == 7)


def test_attach_reads_other_buffers_until_detach() -> None:
    module = nn.Linear(4, 4)
    weight = module.weight.detach().clone()
    copy = HostCopy(module, CPU)
    copy.attach({torch.float32: torch.zeros(copy.sizes[torch.float32] + 100)})
    assert torch.all(module.weight == 0)
    copy.detach()
    assert torch.equal(module.weight, weight)


def test_tied_weights_stay_tied_and_are_kept_once() -> None:
    module = nn.Module()
    module.table = nn.Embedding(64, 64)
    module.again = nn.Embedding(64, 64, _weight=module.table.weight)
    module.again.weight = module.table.weight
    copy = HostCopy(module, CPU)
    assert copy.size_bytes == 64 * 64 * 4
    assert module.again.weight.data_ptr() == module.table.weight.data_ptr()


def test_channels_last_weights_keep_their_order_in_memory() -> None:
    module = nn.Conv2d(8, 4, 3)
    module.weight = nn.Parameter(module.weight.detach().contiguous(memory_format=torch.channels_last))
    weight = module.weight.detach().clone()
    HostCopy(module, CPU)
    assert module.weight.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(module.weight, weight)


def test_every_tensor_starts_at_an_aligned_address() -> None:
    module = _mixed_module()
    copy = HostCopy(module, CPU)
    for tensor in (*module.parameters(), *module.buffers()):
        start = copy.buffers[tensor.dtype].data_ptr()
        assert (tensor.data_ptr() - start) % 512 == 0
