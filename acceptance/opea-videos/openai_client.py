"""Drives /v1/videos with the unmodified OpenAI SDK and prints what it saw as JSON.

Usage: openai_client.py BASE_URL PORTRAIT SPEECH_URL OUT.mp4
"""

import json
import sys
from pathlib import Path

from openai import NotFoundError, OpenAI


def main(base_url: str, portrait: str, speech_url: str, out: str) -> dict[str, object]:
    """Create, poll, retrieve, list, download and delete.

    Args:
        base_url: URL of the API, ending with "/v1".
        portrait: path of an image to animate.
        speech_url: URL of a sound, since this SDK cannot upload one beside the reference.
        out: path the first video is written to.
    """
    client = OpenAI(api_key="none", base_url=base_url)
    small = {"seconds": "1", "size": "128x128"}
    polled = client.videos.create_and_poll(prompt="waves at night", extra_body=small)
    with Path(portrait).open("rb") as image:
        animated = client.videos.create_and_poll(
            prompt="she looks around", input_reference=image, extra_body=small
        )
    spoken = client.videos.create_and_poll(
        prompt="she speaks",
        input_reference=Path(portrait),
        extra_body={"audio": speech_url, "size": "128x128"},
    )
    client.videos.download_content(polled.id).write_to_file(out)
    listed = [video.id for video in client.videos.list(after=polled.id, order="asc", limit=100)]
    failed = client.videos.create_and_poll(
        prompt="x", extra_body={"input_reference": speech_url.rsplit("/", 1)[0] + "/missing", **small}
    )
    ids = [video.id for video in (polled, animated, spoken, failed)]
    deleted = [client.videos.delete(video_id).deleted for video_id in ids]
    gone = False
    try:
        client.videos.retrieve(polled.id)
    except NotFoundError:
        gone = True
    return {
        "statuses": [video.status for video in (polled, animated, spoken, failed)],
        "progress": polled.progress,
        "seconds": [polled.seconds, spoken.seconds],
        "error": failed.error.code if failed.error else None,
        "listed": all(video_id in listed for video_id in ids[1:3]),
        "deleted": deleted,
        "gone": gone,
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:5])))
