"""Who is in a frame, whose mouth is moved, and where that face lies."""
