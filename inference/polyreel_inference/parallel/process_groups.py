"""Making and ending PyTorch's process groups."""

import logging
import os
from collections.abc import Sequence
from datetime import timedelta

import torch
import torch.distributed as dist

_TIMEOUT = timedelta(minutes=30)
_NCCL_SETTINGS = {
    # Aborting is the team's business; PyTorch would end the whole process when an exchange fails.
    "TORCH_NCCL_ASYNC_ERROR_HANDLING": "0",
    # A failed exchange is no reason to write reports, after which PyTorch ends the process too ...
    "TORCH_NCCL_DUMP_ON_TIMEOUT": "0",
    # ... nor to keep whoever closes the group waiting for them, one to four minutes by default.
    "TORCH_NCCL_WAIT_TIMEOUT_DUMP_MILSEC": "0",
}
_logger = logging.getLogger("polyreel")


def join_all() -> None:
    """Make the group of all processes, over which only short messages between CPUs go."""
    # Not as defaults: torchrun has set the first one for its workers already.
    os.environ.update(_NCCL_SETTINGS)
    if not dist.is_initialized():
        dist.init_process_group("gloo", timeout=_TIMEOUT)


def leave_all() -> None:
    """Close every process group of this process."""
    if dist.is_initialized():
        dist.destroy_process_group()


def connect(
    members: Sequence[Sequence[int]], rank: int, collectives: str, device: torch.device
) -> dist.ProcessGroup | None:
    """Make one process group for each list of ranks and return the one that `rank` is in.

    All processes have to call this with the same lists; it returns when those of the own group have. A
    process in which it failed cannot make groups with the others any more: they count what they have made.
    """
    own: dist.ProcessGroup | None = None
    for ranks in members:
        group = dist.new_group(list(ranks), timeout=_TIMEOUT, backend=collectives)
        if rank in ranks:
            own = group
    if own is not None:
        # Most libraries connect in the first exchange. A rank that never came to it, because its job failed
        # before, would leave the others in a call that nothing can abort.
        dist.all_reduce(torch.zeros(1, device=device), group=own)
    return own


def abort(group: dist.ProcessGroup, device: torch.device) -> None:
    """Make exchanges that wait for other ranks end, from any thread.

    Needed where they run on the device (NCCL). Gloo's end by themselves with an error as soon as one of their
    ranks closes the group, which each does on leaving the job.
    """
    if dist.get_backend(group) == "gloo":
        return
    # PyTorch 2.6 offers it for NCCL alone; a library without it leaves the process to the team's deadline.
    end = getattr(group._get_backend(device), "abort", None)
    if end is None:
        _logger.warning("%s cannot end a blocked exchange", dist.get_backend(group))
        return
    try:
        end()
    except RuntimeError as error:
        # The deadline ends the process when something stays blocked; who aborts has to live on until then.
        _logger.warning("aborting a process group: %s", error)


def close(group: dist.ProcessGroup) -> None:
    """Close a group that no exchange uses any more; broken ones may complain, which is logged."""
    try:
        dist.destroy_process_group(group)
    except RuntimeError as error:
        _logger.warning("closing a broken process group: %s", error)
