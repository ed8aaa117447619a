"""Opening of media containers: the one place that decides which file formats and protocols are read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError

from polyreel_inference.media.errors import UnreadableMedia
from polyreel_inference.media.mp4_claims import check_claims

# Playlist formats (hls, dash, concat) are left out on purpose: they would let an uploaded file name other
# files of the server or addresses of the network.
FORMATS = (
    "aac,ac3,aiff,amr,asf,avi,caf,eac3,flac,flv,gif,h264,hevc,ivf,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,"
    "mpeg,mpegts,mpegvideo,m4v,mjpeg,ogg,rm,wav,w64,wv,jpeg_pipe,png_pipe,webp_pipe"
)
PROTOCOLS = "file"


@contextmanager
def open_container(path: Path) -> Iterator[InputContainer]:
    """Open `path` for reading; every FFmpeg error inside the block becomes `UnreadableMedia`."""
    check_claims(path)
    try:
        with av.open(
            f"file:{path}",
            mode="r",
            options={"format_whitelist": FORMATS, "protocol_whitelist": PROTOCOLS},
            metadata_errors="replace",
        ) as container:
            yield container
    except (FFmpegError, UnicodeDecodeError) as error:
        if isinstance(error, MemoryError):
            raise
        raise UnreadableMedia("The media file is damaged or of a kind that cannot be read.") from error


def start_seconds(container: InputContainer) -> float:
    """Time stamp at which the file begins; picture and sound both count from it, which keeps them in sync."""
    return 0.0 if container.start_time is None else container.start_time / av.time_base
