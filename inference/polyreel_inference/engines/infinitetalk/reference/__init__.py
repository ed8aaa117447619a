"""The picture or video the people come from, fitted to the size of the result."""
