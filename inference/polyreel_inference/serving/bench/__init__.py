"""What measurements of engines share: random models of full size, time, and what devices could do at most."""
