"""What device and ranks fail by, as users are told, and what the host does then."""

import logging
import weakref

import pytest
import torch

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.host.errors import EngineBroken, ErrorCode
from polyreel_inference.parallel.errors import RankFailed, RankLost, Stopped
from polyreel_inference.serving.failures import explained

ADVICE = "ask for less"


class Broken(CpuBackend):
    """A device after a kernel that read where it must not: every call fails from then on."""

    def synchronize(self) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    def free_memory(self) -> None:
        self.synchronize()


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA error: an illegal memory access was encountered"), ValueError("consequence")]
)
def test_a_broken_device_ends_the_engine_and_not_only_the_job(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    answer = explained(error, Broken(), ADVICE)

    assert isinstance(answer, EngineBroken)
    assert answer.retryable
    assert str(error) in caplog.text


def test_a_lost_rank_ends_the_engine() -> None:
    assert isinstance(explained(RankLost(1), CpuBackend(), ADVICE), EngineBroken)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RankFailed(1, "OutOfMemoryError", out_of_memory=True),
    ],
)
def test_memory_that_did_not_suffice_is_told(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    answer = explained(error, CpuBackend(), ADVICE)

    assert answer is not None
    assert answer.code is ErrorCode.OUT_OF_MEMORY
    assert ADVICE in answer.message


class Held:
    """A tensor of the job, in the frame of an error."""


def test_what_the_cause_of_an_error_holds_is_let_go() -> None:
    held: list[weakref.ref[Held]] = []

    def work() -> None:
        latents = Held()
        held.append(weakref.ref(latents))
        raise Stopped("Rank 1 has failed.")

    error = RankFailed(1, "OutOfMemoryError", out_of_memory=True)
    try:
        work()
    except Stopped as stopped:
        error.__cause__ = stopped

    assert explained(error, CpuBackend(), ADVICE) is not None
    assert held[0]() is None


def test_other_errors_are_left_to_the_host() -> None:
    assert explained(ValueError("a flaw"), CpuBackend(), ADVICE) is None
    assert explained(RankFailed(1, "a flaw"), CpuBackend(), ADVICE) is None
