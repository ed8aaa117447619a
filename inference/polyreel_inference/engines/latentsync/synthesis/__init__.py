"""From crops of a face and speech to crops that speak it, chunk by chunk."""
