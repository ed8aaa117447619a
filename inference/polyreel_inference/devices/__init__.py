"""Accelerators behind one object: arithmetic that differs by vendor, memory figures, random numbers."""
