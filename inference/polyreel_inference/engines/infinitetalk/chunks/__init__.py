"""How a video of any length is cut into chunks that overlap."""
