"""Encoders of prompts and pictures."""
