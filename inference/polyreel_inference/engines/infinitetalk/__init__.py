"""InfiniteTalk: talking videos of any length from an image or a video, driven by speech."""
