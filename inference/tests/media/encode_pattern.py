"""Encodes a moving pattern with both writers and prints what the bytes add up to."""

import sys
from hashlib import sha256
from pathlib import Path

import numpy as np

from polyreel_inference.media.fragment_writer import FragmentWriter
from polyreel_inference.media.video_writer import VideoWriter

# Five blocks of 16 pixels in a row: the last instruction of a row covers more.
WIDTH, HEIGHT, FRAMES = 80, 64, 9


def main(folder: Path) -> None:
    """Write the videos; `folder` is for the one that is a file."""
    squares = np.random.default_rng(0).integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    pattern = squares.repeat(8, 0).repeat(8, 1)
    frames = [np.roll(pattern, 3 * number, 1) for number in range(FRAMES)]
    sent = sha256()
    fragments = FragmentWriter(sent.update, WIDTH, HEIGHT, 25, FRAMES, preset="medium")
    fragments.write(frames)
    fragments.finish()
    with VideoWriter(folder / "video.mp4", WIDTH, HEIGHT, 25, preset="medium") as writer:
        for frame in frames:
            writer.write(frame)
    written = sha256((folder / "video.mp4").read_bytes())
    sys.stdout.write(f"{sent.hexdigest()} {written.hexdigest()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
