"""Fill a module with the weights of a checkpoint, one tensor at a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from polyreel_inference.diffusion.weights.empty_module import (
    Slot,
    build_empty,
    move_tables,
    replace_module,
    slots_of,
)
from polyreel_inference.diffusion.weights.lora_file import LoraDifferences, LoraFile, LowRank
from polyreel_inference.diffusion.weights.lora_linear import LoraLinear
from polyreel_inference.diffusion.weights.name_maps import Destination, NameMap
from polyreel_inference.diffusion.weights.plan import Plan, check_adapters, plan_loading
from polyreel_inference.diffusion.weights.quantized_linear import (
    QuantizedLinear,
    check_quantization,
    is_block_linear,
    quantize_weight,
)
from polyreel_inference.diffusion.weights.stored_tensors import StoredTensors
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles

Module = TypeVar("Module", bound=nn.Module)


def load_module(
    build: Callable[[], Module],
    files: TensorFiles,
    names: NameMap,
    *,
    dtype: torch.dtype,
    device: torch.device | str,
    keep_float32: tuple[str, ...] = (),
    adapters: Sequence[LoraFile] = (),
    quantization: str | None = None,
    allow_unused: Callable[[str], bool] = lambda _: False,
    take_block: Callable[[nn.Module], None] | None = None,
) -> Module:
    """Build a module for inference and fill every parameter and buffer of it from `files`.

    Floating-point tensors become `dtype`, but float32 where `keep_float32` names a part of the module (one
    or more whole segments of the name). `adapters` are added in float32 before the cast. `quantization`
    "fp8" or "int8" keeps the linear layers of the blocks in one byte a number: as stored where the files are
    quantised like that, rounded otherwise; None undoes the files' own quantisation. Memory peaks at the
    module plus two float32 forms of its largest tensor. Raises `WeightsError` when files and module do
    not fit each other, before anything is read; tensors for which `allow_unused` holds may be left over.
    `take_block` is given each of the module's `blocks` in order, complete and before the next one is read, so
    that a module can be loaded of which only parts fit in memory.
    """
    if quantization is not None:
        check_quantization(quantization)
    module = build_empty(build)
    slots, stored, plan, differences = _matched(module, files, names, adapters, allow_unused)
    filling = _Filling(module, stored, differences, dtype, device, keep_float32)
    turns: Mapping[int | None, Mapping[str, list[Destination]]]
    turns = {None: plan.steps} if take_block is None else _by_block(plan.steps)
    for block, steps in turns.items():
        for name, destinations in steps.items():
            if quantization is not None and filling.is_block_weight(destinations[0]):
                filling.quantize(name, destinations[0], quantization)
            else:
                filling.fill(name, [(destination, slots[destination.name]) for destination in destinations])
        filling.finish()
        if take_block is not None and block is not None:
            take_block(module.get_submodule(f"blocks.{block}"))
    move_tables(module, device)
    files.close()
    return module


def check_fit(
    build: Callable[[], nn.Module],
    files: TensorFiles,
    names: NameMap,
    *,
    adapters: Sequence[LoraFile] = (),
) -> None:
    """Raise `WeightsError` when files, LoRA files and module do not fit each other. Reads headers only."""
    _matched(build_empty(build), files, names, adapters, lambda _: False)
    files.close()


def _matched(
    module: nn.Module,
    files: TensorFiles,
    names: NameMap,
    adapters: Sequence[LoraFile],
    allow_unused: Callable[[str], bool],
) -> tuple[Mapping[str, Slot], StoredTensors, Plan, list[LoraDifferences]]:
    slots = slots_of(module)
    stored = StoredTensors(files)
    plan = plan_loading(stored, names, slots, allow_unused)
    differences = [LoraDifferences(adapter, names) for adapter in adapters]
    check_adapters(differences, slots)
    return slots, stored, plan, differences


def _by_block(steps: Mapping[str, list[Destination]]) -> dict[int | None, dict[str, list[Destination]]]:
    """Part the steps by the block they are for: first those for none (under None), then block by block."""
    parts: dict[int | None, dict[str, list[Destination]]] = {None: {}}
    for name, destinations in steps.items():
        first, _, rest = destinations[0].name.partition(".")
        block = int(rest.partition(".")[0]) if first == "blocks" else None
        parts.setdefault(block, {})[name] = destinations
    return {block: parts[block] for block in sorted(parts, key=lambda block: -1 if block is None else block)}


class _Filling:
    """The module under way."""

    def __init__(
        self,
        module: nn.Module,
        stored: StoredTensors,
        differences: Sequence[LoraDifferences],
        dtype: torch.dtype,
        device: torch.device | str,
        keep_float32: tuple[str, ...],
    ) -> None:
        self._module = module
        self._stored = stored
        self._differences = differences
        self._dtype = dtype
        self._device = device
        self._keep_float32 = tuple(f".{part}." for part in keep_float32)
        self._linears = {name for name, part in module.named_modules() if is_block_linear(name, part)}
        self._quantized: dict[str, tuple[Tensor, Tensor, list[LowRank]]] = {}

    def is_block_weight(self, destination: Destination) -> bool:
        """Whether `destination` is the weight of a linear layer of a block."""
        owner, _, leaf = destination.name.rpartition(".")
        return leaf == "weight" and owner in self._linears

    def fill(self, name: str, destinations: Sequence[tuple[Destination, Slot]]) -> None:
        """Read the tensor `name` once and put it, or its shares, in their places."""
        changed = any(
            difference.changes(destination.name)
            for difference in self._differences
            for destination, _ in destinations
        )
        wanted = {self._dtype_of(slot) for _, slot in destinations}
        whole = self._stored.read(name, torch.float32 if changed else wanted.pop(), self._device)
        for destination, slot in destinations:
            share = whole
            if destination.shares > 1:
                share = whole.chunk(destination.shares)[destination.share].clone()
            value = self._adapted(share.reshape(slot.shape), destination.name)
            slot.fill(self._module, value.to(self._dtype_of(slot)))

    def quantize(self, name: str, destination: Destination, quantization: str) -> None:
        """Keep the weight `name` in one byte a number until its layer is complete."""
        parameter = destination.name
        fused = any(difference.has_full(parameter) for difference in self._differences)
        if self._stored.quantization(name) == quantization and not fused:
            data, scale = self._stored.read_quantized(name, self._device)
            pairs = [difference.low_rank(parameter, self._device) for difference in self._differences]
        else:
            weight = self._stored.read(name, torch.float32, self._device)
            data, scale = quantize_weight(self._adapted(weight, parameter), quantization)
            pairs = []
        layer = parameter.removesuffix(".weight")
        self._quantized[layer] = (data, scale, [pair for pair in pairs if pair is not None])

    def finish(self) -> None:
        """Put the quantised layers in the places of the linear ones, now that their biases are there."""
        for name, (data, scale, pairs) in self._quantized.items():
            linear = cast(nn.Linear, self._module.get_submodule(name))
            bias = cast(Tensor | None, linear.bias)
            layer = QuantizedLinear(data, scale, None if bias is None else bias.detach())
            replace_module(self._module, name, LoraLinear(layer, pairs, self._dtype) if pairs else layer)
        self._quantized.clear()

    def _dtype_of(self, slot: Slot) -> torch.dtype:
        if not slot.dtype.is_floating_point:
            return slot.dtype
        name = f".{slot.names[0]}."
        return torch.float32 if any(part in name for part in self._keep_float32) else self._dtype

    def _adapted(self, value: Tensor, parameter: str) -> Tensor:
        for difference in self._differences:
            if (pair := difference.low_rank(parameter, self._device)) is not None:
                value = value + pair.difference().reshape(value.shape)
            if (full := difference.full(parameter, self._device)) is not None:
                value = value + full.reshape(value.shape)
        return value
