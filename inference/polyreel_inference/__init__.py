"""Polyreel's inference side: engines that make video, and the process that serves them by gRPC."""

__version__ = "0.1.0"
