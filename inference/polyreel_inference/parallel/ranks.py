"""Which of how many processes this one is."""

from collections.abc import Mapping
from dataclasses import dataclass

_LOCALHOST = "127.0.0.1"


@dataclass(frozen=True)
class Ranks:
    """Place of this process among `size`; `local_rank` counts on this machine, `leader_host` is rank 0's."""

    rank: int
    size: int
    local_rank: int
    leader_host: str = _LOCALHOST

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.size or self.local_rank < 0:
            raise ValueError(f"Rank {self.rank} of {self.size} (local {self.local_rank}) cannot be.")

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Ranks":
        """Read what torchrun sets (RANK, WORLD_SIZE, LOCAL_RANK ...); without them this is the only process.

        Raises `ValueError` when only a part of them is set or a value is no number.
        """
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
        given = [name for name in names if env.get(name)]
        if not given:
            return cls(0, 1, 0)
        if len(given) < len(names):
            missing = ", ".join(name for name in names if name not in given)
            raise ValueError(f"{', '.join(given)} set but not {missing}: start the processes with torchrun.")
        rank, size, local_rank = (int(env[name]) for name in names)
        one_machine = int(env.get("LOCAL_WORLD_SIZE", size)) == size
        return cls(rank, size, local_rank, _LOCALHOST if one_machine else env["MASTER_ADDR"])

    @property
    def is_leader(self) -> bool:
        """Whether this process takes the requests and tells the others what to do."""
        return self.rank == 0
