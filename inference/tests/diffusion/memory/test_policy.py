"""The policies by name: what each leaves on the device, and that none changes a result."""

import pytest
import torch
from torch import nn

from polyreel_inference.diffusion.memory.block_placement import BlockPlacement
from polyreel_inference.diffusion.memory.encoder_placement import OffloadedEncoders, ResidentEncoders
from polyreel_inference.diffusion.memory.policy import OFFLOADS, memory_policy

CPU = torch.device("cpu")
META = torch.device("meta")


class TinyTransformer(nn.Module):
    """Something before the blocks, blocks, a table of its own and something behind them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inward = nn.Linear(3, 6)
        self.blocks = nn.ModuleList(nn.Linear(6, 6) for _ in range(5))
        self.table = nn.Parameter(torch.randn(6))
        self.outward = nn.Linear(6, 3)

    def run(self, placement: BlockPlacement, x: torch.Tensor) -> torch.Tensor:
        x = torch.as_tensor(self.inward(x)) + self.table
        for block in placement.blocks():
            x = torch.nn.functional.gelu(block(x))
        return torch.as_tensor(self.outward(x))


@pytest.mark.parametrize("offload", OFFLOADS)
def test_no_policy_changes_a_result(offload: str) -> None:
    x, transformer = torch.randn(4, 3), TinyTransformer()
    expected = TinyTransformer().run(memory_policy("none", CPU).place_transformer(TinyTransformer()), x)
    placement = memory_policy(offload, CPU).place_transformer(transformer)
    assert torch.equal(transformer.run(placement, x), expected)


@pytest.mark.parametrize(("offload", "blocks"), [("none", "meta"), ("encoders", "meta"), ("blocks", "cpu")])
def test_only_block_offload_keeps_blocks_in_host_memory(offload: str, blocks: str) -> None:
    """The meta device stands for an accelerator: what is there has left the host."""
    transformer = TinyTransformer()
    memory_policy(offload, META).place_transformer(transformer)
    where = {name: parameter.device.type for name, parameter in transformer.named_parameters()}
    assert {device for name, device in where.items() if name.startswith("blocks.")} == {blocks}
    assert {device for name, device in where.items() if not name.startswith("blocks.")} == {"meta"}


def test_where_weights_are_to_be_loaded() -> None:
    loads = {
        offload: (policy.encoder_load_device.type, policy.transformer_load_device.type)
        for offload in OFFLOADS
        for policy in [memory_policy(offload, META)]
    }
    assert loads == {"none": ("meta", "meta"), "encoders": ("cpu", "meta"), "blocks": ("cpu", "cpu")}


def test_encoders_stay_on_the_device_under_none_alone() -> None:
    assert isinstance(memory_policy("none", CPU).encoders(), ResidentEncoders)
    assert isinstance(memory_policy("encoders", CPU).encoders(), OffloadedEncoders)
    assert isinstance(memory_policy("blocks", CPU).encoders(), OffloadedEncoders)


def test_an_unknown_policy_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'disk'.*none, encoders, blocks"):
        memory_policy("disk", CPU)
