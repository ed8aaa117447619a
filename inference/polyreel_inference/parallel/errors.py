"""Errors of working in several processes."""


class Stopped(Exception):
    """This rank ended its part of a job because of another rank: cancelled there, or failed there."""


class CollectiveFailed(RuntimeError):
    """Exchanging tensors failed, as a rule because another rank no longer takes part."""


class RankFailed(RuntimeError):
    """The job failed on another rank than the leader's; the team is ready for the next job.

    `text` is that rank's error; `out_of_memory` tells whether its memory did not suffice.
    """

    def __init__(self, rank: int, text: str, *, out_of_memory: bool = False) -> None:
        super().__init__(f"Rank {rank} failed: {text}")
        self.rank = rank
        self.text = text
        self.out_of_memory = out_of_memory


class RankLost(RuntimeError):
    """A rank has ended or hangs. The team cannot go on; all its processes have to be started again."""

    def __init__(self, rank: int) -> None:
        super().__init__(f"Rank {rank} was lost; the processes of this engine have to be started again.")
        self.rank = rank
