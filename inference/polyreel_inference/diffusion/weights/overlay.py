"""A checkpoint over another one: what it holds takes the place of what the other one has for a part."""

from polyreel_inference.diffusion.weights.name_maps import NameMap
from polyreel_inference.diffusion.weights.stored_tensors import logical_name
from polyreel_inference.diffusion.weights.tensor_files import TensorFiles


def overlay(base: TensorFiles, newer: TensorFiles, names: NameMap) -> TensorFiles:
    """Return both as one, without those tensors of `base` whose parameters `newer` holds as well.

    `names` tells which parameter a tensor is for. A quantised weight is replaced together with its scale, so
    that neither meets the other's.
    """
    replaced = {_parameters(name, names) for name in newer.names()}
    return newer.followed_by(base, lambda name: _parameters(name, names) not in replaced)


def _parameters(stored: str, names: NameMap) -> tuple[str, ...]:
    return tuple(destination.name for destination in names(logical_name(stored)))
