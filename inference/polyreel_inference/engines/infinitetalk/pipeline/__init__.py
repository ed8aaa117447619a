"""From speech and a picture to frames: what the leading rank does around the denoising."""
