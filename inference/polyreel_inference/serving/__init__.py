"""What engines of diffusion models share on the host's side: their start, failures and progress."""
