"""Work of the CPU in threads of its own, beside that of the device."""
