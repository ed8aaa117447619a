"""Which rank makes which chunks, and which of them together."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Batch:
    """Chunks, by their numbers, that go through the network together."""

    chunks: tuple[int, ...]


def share_chunks(frames: Sequence[int], ranks: int, most: int) -> list[list[Batch]]:
    """Return for each round of work the batch of every rank, one per rank; it may be empty.

    `frames` are those of each chunk; only chunks of equally many frames make a batch, of at most `most`.
    All ranks get about the same before any gets a full batch.
    """
    by_length: dict[int, list[int]] = {}
    for number, length in enumerate(frames):
        by_length.setdefault(length, []).append(number)
    batches = []
    for numbers in by_length.values():
        size = min(most, -(-len(numbers) // ranks))
        batches += [Batch(tuple(numbers[start : start + size])) for start in range(0, len(numbers), size)]
    batches += [Batch(())] * (-len(batches) % ranks)
    return [batches[start : start + ranks] for start in range(0, len(batches), ranks)]
