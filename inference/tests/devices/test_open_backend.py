"""Opening devices by name on a machine without the asked one."""

from typing import Any

import pytest
import torch

from polyreel_inference.devices.errors import DeviceUnavailable
from polyreel_inference.devices.select import open_backend


class Cards:
    """Answers as a driver that sees so many cards."""

    def __init__(self, count: int) -> None:
        self._count = count

    def device_count(self) -> int:
        return self._count

    def get_device_capability(self, device: torch.device) -> tuple[int, int]:
        return 9, 0

    def get_device_name(self, device: torch.device) -> str:
        return "a card"

    def set_device(self, device: torch.device) -> None:
        assert device.index < self._count


def test_the_cpu_computes_in_float32_unless_told_otherwise() -> None:
    backend = open_backend("cpu")

    assert (backend.name, backend.collectives, backend.description) == ("cpu", "gloo", "cpu")
    assert (backend.device, backend.dtype) == (torch.device("cpu"), torch.float32)
    assert open_backend("cpu", dtype=torch.bfloat16, attention="sdpa").dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("name", "attention", "message"),
    [
        ("hpu", "auto", "not an image for Intel Gaudi"),
        ("tpu", "auto", "Known devices: auto, cuda, hpu, cpu"),
        ("cpu", "flash2", "Usable here: auto, sdpa"),
    ],
)
def test_what_is_not_there_is_refused(name: str, attention: str, message: str) -> None:
    with pytest.raises(DeviceUnavailable, match=message):
        open_backend(name, local_rank=99, attention=attention)


@pytest.mark.parametrize(
    ("count", "message"),
    [(0, "No CUDA device can be seen: look for its driver"), (2, "Process 2 .* no CUDA device: there are 2")],
)
def test_a_process_without_a_card_is_told_what_to_look_for(count: int, message: str) -> None:
    with pytest.raises(DeviceUnavailable, match=message):
        open_backend("cuda", local_rank=2, cuda_driver=Cards(count))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, torch.bfloat16),
        ({"cuda_dtype": torch.float16}, torch.float16),
        ({"cuda_dtype": torch.float16, "dtype": torch.bfloat16}, torch.bfloat16),
    ],
)
def test_models_may_have_a_usual_type_on_nvidia_cards(asked: dict[str, Any], found: torch.dtype) -> None:
    backend = open_backend("cuda", cuda_driver=Cards(1), **asked)
    assert (backend.dtype, backend.description) == (found, "a card")
    assert open_backend("cpu", cuda_dtype=torch.float16).dtype == torch.float32
