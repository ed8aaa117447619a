"""Noise schedules, the samplers that walk them, and classifier-free guidance."""
