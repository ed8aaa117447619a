"""The Wan diffusion transformer: own forward on diffusers' module tree."""
