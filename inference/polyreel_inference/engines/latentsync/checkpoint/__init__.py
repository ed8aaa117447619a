"""The folder of a published model, and the way from there into networks."""
