"""The name under which a folder of weights was published."""

from pathlib import Path


def published_name(folder: Path) -> str:
    """Return the name of `folder`, or of its repository where it is a revision in a hub's download cache.

    There it lies in models--OWNER--NAME/snapshots, under a hash that tells nothing.
    """
    place = folder.absolute()
    if place.parent.name == "snapshots":
        return place.parent.parent.name.rpartition("--")[2]
    return place.name
