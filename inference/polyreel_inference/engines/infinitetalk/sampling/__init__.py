"""The denoising of one chunk: what every rank does."""
