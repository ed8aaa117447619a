"""Lip-sync of an existing video to new speech (LatentSync 1.5 and 1.6)."""
