"""The denoising network of LatentSync."""
