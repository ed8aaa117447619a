"""Errors of opening a device."""


class DeviceUnavailable(RuntimeError):
    """The asked device or attention kernel is not there; the message tells the operator what is."""
