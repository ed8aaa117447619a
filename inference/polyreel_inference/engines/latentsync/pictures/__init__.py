"""From frames to the crops the network sees, and back into the frames."""
