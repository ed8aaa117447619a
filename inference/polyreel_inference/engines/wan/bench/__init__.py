"""`bench wan`: how fast the engine is on this machine, with random weights."""

from polyreel_inference.engines.wan.bench.benchmark import WanBenchmark

__all__ = ["WanBenchmark"]
