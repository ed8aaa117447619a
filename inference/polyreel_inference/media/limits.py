"""How much one file may hold. Files of a few bytes can claim sizes and times that fill any memory."""

MOST_PIXELS = 8192 * 4352
"""Of a frame of video: the largest one H.264's levels allow, a little above 8K."""

LONGEST_SECONDS = 6 * 3600.0
"""Of sound or video. Sound of that length is 1.4 GB at 16 kHz."""

MOST_FRAMES = 3_000_000
"""Of a video, whose time stamps are all kept: six hours have as many at 139 frames per second."""

MOST_SAMPLES = 8_000_000
"""Of all tracks of an MP4 file together: FFmpeg keeps some 40 bytes of each, whether it is there or not."""
