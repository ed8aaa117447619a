"""Speech: from a sound file to what the network hears at each frame."""
