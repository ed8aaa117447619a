"""Wan 2.1 and 2.2: video from text, or from a picture and text."""
