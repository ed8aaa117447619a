"""Attention kernels, one file each, and the selector that chooses among those present."""
