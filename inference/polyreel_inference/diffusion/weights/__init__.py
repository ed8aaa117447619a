"""Weights on disk, and the way from there into modules."""
