"""What the leader and the followers of a team tell each other."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Begin:
    """To followers: do job `number`, over the data connections of `generation`.

    The messages after it are about this job until each follower has sent its report.
    """

    number: int
    generation: int
    payload: Any


@dataclass(frozen=True)
class Pass:
    """To followers: the gate after `done` steps is open."""

    done: int


@dataclass(frozen=True)
class Stop:
    """To followers: end the job at the next gate, where all ranks meet."""


@dataclass(frozen=True)
class Abort:
    """To followers: end the job wherever it is; some rank no longer takes part in its exchanges."""


@dataclass(frozen=True)
class Finish:
    """To followers: the leader has passed the last gate of the job."""


@dataclass(frozen=True)
class Close:
    """To followers: there will be no more jobs."""


@dataclass(frozen=True)
class Report:
    """To the leader: the job has ended on this rank.

    "failed": by a cause of its own, told in `text`; "cut off": because an exchange with another rank broke;
    "stopped": because it was told to.
    """

    outcome: Literal["done", "stopped", "cut off", "failed"]
    text: str = ""
    out_of_memory: bool = False
