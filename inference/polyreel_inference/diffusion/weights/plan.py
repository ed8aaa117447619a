"""What goes where when weights are loaded, checked as a whole before anything is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from polyreel_inference.diffusion.weights.empty_module import Slot
from polyreel_inference.diffusion.weights.errors import WeightsError, listed
from polyreel_inference.diffusion.weights.lora_file import LoraDifferences
from polyreel_inference.diffusion.weights.name_maps import Destination, NameMap
from polyreel_inference.diffusion.weights.stored_tensors import StoredTensors


@dataclass
class Plan:
    """Destinations of every stored tensor that is used, in the order of the files."""

    steps: dict[str, list[Destination]] = field(default_factory=dict)


def plan_loading(
    stored: StoredTensors,
    names: NameMap,
    slots: Mapping[str, Slot],
    allow_unused: Callable[[str], bool],
) -> Plan:
    """Match stored tensors with slots. Raises `WeightsError` unless every slot is filled, exactly once.

    The one error names all that is wrong: missing tensors, foreign ones, wrong shapes, several for one place.
    """
    plan, filled = Plan(), dict[Slot, tuple[str, str]]()
    foreign: list[str] = []
    twice: list[str] = []
    shapes: list[str] = []
    unscaled: list[str] = []
    scales: list[str] = []
    for name in stored.names():
        used = False
        destinations = names(name)
        for destination in destinations:
            slot = slots.get(destination.name)
            if slot is None:
                continue
            used = True
            if slot in filled:
                # A tied parameter may be written out under each of its names.
                if filled[slot][0] == destination.name:
                    twice.append(f"{filled[slot][1]} and {name}")
                continue
            filled[slot] = (destination.name, name)
            if slot.dtype.is_floating_point and stored.lacks_scale(name):
                unscaled.append(name)
            if stored.has_other_scales(name):
                scales.append(name)
            found = _shape_of(stored.shape(name), destination)
            if not _fits(found, slot.shape, destination):
                shapes.append(f"{name} {_written(found)} instead of {_written(slot.shape)}")
            plan.steps.setdefault(name, []).append(destination)
        if destinations and not used and not allow_unused(name):
            foreign.append(name)
    missing = [slot.names[0] for slot in dict.fromkeys(slots.values()) if slot not in filled]
    _raise_if_any(
        stored.files.describe(),
        {
            "lacks tensors": missing,
            "holds tensors that the model does not have": foreign,
            "holds tensors of other shapes": shapes,
            "holds integers without the scale that belongs to them": unscaled,
            "holds weights whose scales are neither one for each row nor one for all": scales,
            "holds two tensors for one place": twice,
        },
    )
    return plan


def check_adapters(adapters: Sequence[LoraDifferences], slots: Mapping[str, Slot]) -> None:
    """Raise `WeightsError` unless everything the LoRA files change exists in the model, in that shape."""
    for adapter in adapters:
        foreign, shapes = [], []
        for name, shape in adapter.shapes().items():
            slot = slots.get(name)
            if slot is None:
                foreign.append(name)
            elif _elements(shape) != _elements(slot.shape):
                shapes.append(f"{name} {_written(shape)} instead of {_written(slot.shape)}")
        _raise_if_any(
            f"The LoRA {adapter.file.path}",
            {
                "changes layers that the model does not have": foreign,
                "has differences of other shapes": shapes,
            },
        )


def _raise_if_any(subject: str, faults: Mapping[str, Sequence[str]]) -> None:
    told = [f"{fault}: {listed(names)}" for fault, names in faults.items() if names]
    if told:
        raise WeightsError(f"{subject} does not fit the model. It " + "; it ".join(told) + ".")


def _shape_of(stored: tuple[int, ...], destination: Destination) -> tuple[int, ...]:
    if destination.shares == 1 or not stored or stored[0] % destination.shares:
        return stored
    return (stored[0] // destination.shares, *stored[1:])


def _fits(found: tuple[int, ...], wanted: tuple[int, ...], destination: Destination) -> bool:
    if destination.reshape:
        return [size for size in found if size > 1] == [size for size in wanted if size > 1]
    return found == wanted


def _elements(shape: tuple[int, ...]) -> list[int]:
    # Convolutions of kernel size 1 count as the matrices they are.
    return [size for size in shape if size > 1]


def _written(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"
