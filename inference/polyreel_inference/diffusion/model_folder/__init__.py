"""Folders of Wan weights as they are published: what is in them, and loading it."""
