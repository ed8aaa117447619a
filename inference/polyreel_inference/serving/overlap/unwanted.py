"""How a thread hears that its work is not needed any more."""


class Unwanted(Exception):
    """Raised inside a thread whose owner has left; it never reaches anybody else."""
