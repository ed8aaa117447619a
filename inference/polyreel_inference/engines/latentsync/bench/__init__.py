"""`bench latentsync`: how fast the engine is on this machine, with random weights."""

from polyreel_inference.engines.latentsync.bench.benchmark import LatentSyncBenchmark

__all__ = ["LatentSyncBenchmark"]
