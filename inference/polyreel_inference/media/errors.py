"""Errors of the media functions."""


class UnreadableMedia(ValueError):
    """A file is not what it claims to be, is damaged, or holds nothing to read.

    The message is text for the end user and never names a path of the server.
    """


class EncodingFailed(RuntimeError):
    """The encoder ended with an error; the message is for the log and may name paths."""
