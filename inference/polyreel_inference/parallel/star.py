"""Connecting every follower with the leader."""

import torch.distributed as dist

from polyreel_inference.parallel.door import Address, Door, enter
from polyreel_inference.parallel.link import Link
from polyreel_inference.parallel.ranks import Ranks


def connect_followers(ranks: Ranks) -> dict[int, Link]:
    """On the leader: accept the other ranks, by rank. Raises `TimeoutError` naming those that are missing.

    Called at the same time as `connect_leader` on the others, once the default process group stands.
    """
    with Door(ranks.leader_host) as door:
        dist.broadcast_object_list([door.address], src=0)
        return door.admit(set(range(1, ranks.size)))


def connect_leader(ranks: Ranks) -> Link:
    """On a follower: connect to the leader. Raises `OSError` when it cannot be reached."""
    told: list[Address | None] = [None]
    dist.broadcast_object_list(told, src=0)
    (address,) = told
    if address is None:
        raise ConnectionError("The leader has not told where it listens.")
    return enter(address, ranks.rank)
