"""Where weights lie while they are not used: on the device, or encoders or blocks in host memory."""
