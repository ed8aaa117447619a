"""`bench infinitetalk`: how fast the engine is on this machine, with random weights."""

from polyreel_inference.engines.infinitetalk.bench.benchmark import InfiniteTalkBenchmark

__all__ = ["InfiniteTalkBenchmark"]
