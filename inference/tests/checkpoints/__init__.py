"""Tiny Wan checkpoints with random numbers, in the layouts in which the published weights come.

`write_original`, `write_diffusers` and `write_distilled` (in `layouts`) write a whole model folder; the same
kind and seed give the same numbers in every layout. From a shell:
`python -m tests.checkpoints KIND LAYOUT FOLDER [--seed N]`.
"""
