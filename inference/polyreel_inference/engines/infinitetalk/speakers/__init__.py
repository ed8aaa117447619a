"""Who of the people in the picture speaks, and where they are."""
