"""The ranks as a grid: sequence parallel in one direction, guidance branches in the other."""

import threading

import torch.distributed as dist

from polyreel_inference.devices.backend import Backend
from polyreel_inference.parallel import process_groups
from polyreel_inference.parallel.data_group import DataGroup
from polyreel_inference.parallel.guidance_group import GuidanceGroup
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.sequence_group import SequenceGroup


class Mesh:
    """The groups this rank belongs to, and the connections behind them.

    Neighbouring ranks share a sequence, as they exchange most: rank = branch * ulysses_size + position. The
    connections can be cut when a rank fails in the middle of a job and made anew for the next one; the
    groups stay the same objects. With `shared_weights`, `weights` joins the ranks of one sequence by a
    connection of its own, so that weights travel beside the tokens; otherwise it is this rank alone.
    """

    def __init__(
        self,
        ranks: Ranks,
        backend: Backend | None = None,
        ulysses_size: int = 1,
        guidance_size: int = 1,
        *,
        shared_weights: bool = False,
    ) -> None:
        self.ranks = ranks
        self.generation = 0
        """How often the connections have been made; 0 before the first time."""
        self._backend = backend
        sequences = [range(start, start + ulysses_size) for start in range(0, ranks.size, ulysses_size)]
        guidances = [range(start, ranks.size, ulysses_size) for start in range(ulysses_size)]
        self._sequence = DataGroup(ranks.rank % ulysses_size, ulysses_size)
        self._guidance = DataGroup(ranks.rank // ulysses_size, guidance_size)
        # Only ranks of one sequence make the same forwards, so only they can share weights.
        self.weights = DataGroup(self._sequence.rank, ulysses_size) if shared_weights else DataGroup(0, 1)
        self._members = {self._sequence: sequences, self._guidance: guidances, self.weights: sequences}
        self._cut: list[dist.ProcessGroup] = []
        self._lock = threading.Lock()
        self.sequence = SequenceGroup(self._sequence)
        self.guidance = GuidanceGroup(self._guidance)

    @classmethod
    def single(cls) -> "Mesh":
        """The mesh of one process; no process group is made."""
        return cls(Ranks(0, 1, 0))

    def connect(self, generation: int) -> None:
        """Make the connections of `generation` unless they stand; all ranks call it for the same one.

        A rank in which it fails cannot be connected again, and its process has to be started anew.
        """
        if generation == self.generation or self._backend is None:
            return
        self.disconnect()
        for group, members in self._members.items():
            if group.size == 1:
                continue
            connection = process_groups.connect(
                members, self.ranks.rank, self._backend.collectives, self._backend.device
            )
            if connection is None:
                raise ValueError(f"Rank {self.ranks.rank} is in none of the groups {members}.")
            group.connect(connection)
        self.generation = generation

    def abort(self) -> None:
        """End all exchanges, also those that wait; callable from any thread, as often as one likes."""
        with self._lock:
            self._cut_all()

    def disconnect(self) -> None:
        """Abort, and close the connections: to be called when this rank exchanges nothing any more."""
        # One lock for all of it: a connection must not be closed while another thread still aborts it.
        with self._lock:
            self._cut_all()
            cut, self._cut = self._cut, []
            for connection in cut:
                process_groups.close(connection)

    def _cut_all(self) -> None:
        for group in self._members:
            connection = group.disconnect()
            if connection is not None and self._backend is not None:
                self._cut.append(connection)
                process_groups.abort(connection, self._backend.device)

    def close(self) -> None:
        """Leave the group of all ranks for good."""
        self.disconnect()
        if self.ranks.size > 1:
            process_groups.leave_all()


def open_mesh(
    backend: Backend,
    ranks: Ranks,
    ulysses_size: int = 1,
    guidance_size: int = 1,
    *,
    shared_weights: bool = False,
) -> Mesh:
    """Connect all ranks: `ulysses_size` share each forward, `guidance_size` such groups share the branches.

    With `shared_weights` those that share forwards share weights too. All ranks have to call it. Raises
    `ValueError` when the product of both sizes is not the number of ranks, or nobody is there to share with.
    """
    if shared_weights and ulysses_size == 1:
        raise ValueError(
            "Weights are spread over the processes that share the tokens: choose a Ulysses size above 1, or"
            " leave the spreading out."
        )
    if ulysses_size < 1 or guidance_size < 1 or ulysses_size * guidance_size != ranks.size:
        raise ValueError(
            f"Ulysses size {ulysses_size} times CFG size {guidance_size} is not the number of processes, "
            f"{ranks.size}: change the sizes, or start {max(1, ulysses_size) * max(1, guidance_size)} "
            "processes with torchrun."
        )
    if ranks.size == 1:
        return Mesh.single()
    process_groups.join_all()
    mesh = Mesh(ranks, backend, ulysses_size, guidance_size, shared_weights=shared_weights)
    mesh.connect(1)
    return mesh
