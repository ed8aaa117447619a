"""Clients that behave as the scripts shipped with the real LightX2V server do, each with a deadline of its own."""

import argparse
import sys
import threading
import time

import requests


def async_client(url: str, body: dict[str, object], seconds: float, output: str) -> None:
    """Submit with a final slash, demand 200 everywhere, stop on completed, failed or cancelled, download."""
    response = requests.post(f"{url}/v1/tasks/video/", json=body, timeout=60)
    if response.status_code != 200:
        raise RuntimeError(f"submit answered {response.status_code}: {response.text}")
    task_id = response.json()["task_id"]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        response = requests.get(f"{url}/v1/tasks/{task_id}/status", timeout=60)
        if response.status_code != 200:
            raise RuntimeError(f"status answered {response.status_code}: {response.text}")
        status = response.json()
        if status["status"] == "completed":
            break
        if status["status"] in ("failed", "cancelled"):
            raise RuntimeError(f"the task ended: {status}")
        time.sleep(0.3)
    else:
        raise TimeoutError(f"still {status} after {seconds} s")
    if status["save_result_path"] is None:
        raise RuntimeError("nothing was saved")
    response = requests.get(f"{url}/v1/tasks/{task_id}/result", timeout=120)
    if response.status_code != 200:
        raise RuntimeError(f"download answered {response.status_code}: {response.text}")
    with open(output, "wb") as file:
        file.write(response.content)


def scheduler(url: str, bodies: list[dict[str, object]], seconds: float) -> None:
    """Give each task to the server when it says "idle", by the legacy route; poll for completed or failed."""
    deadline = time.monotonic() + seconds
    results: list[str] = []

    def monitor(body: dict[str, object]) -> None:
        task_id = requests.post(f"{url}/v1/tasks/", json=body, timeout=60).json().get("task_id")
        status = "never created"
        while task_id and time.monotonic() < deadline:
            status = requests.get(f"{url}/v1/tasks/{task_id}/status", timeout=60).json().get("status")
            if status in ("completed", "failed"):
                break
            time.sleep(0.2)
        results.append(status)

    threads = []
    for body in bodies:
        while requests.get(f"{url}/v1/service/status", timeout=60).json()["service_status"] != "idle":
            if time.monotonic() > deadline:
                raise TimeoutError("the server never became idle")
            time.sleep(0.2)
        threads.append(threading.Thread(target=monitor, args=(body,)))
        threads[-1].start()
        time.sleep(0.5)
    for thread in threads:
        thread.join()
    if results != ["completed"] * len(bodies):
        raise RuntimeError(f"the tasks ended as {results}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("client", choices=("async", "scheduler"))
    parser.add_argument("--url", required=True)
    parser.add_argument("--output", default="")
    parser.add_argument("--image", default="")
    parser.add_argument("--audio", default="")
    arguments = parser.parse_args()
    if arguments.client == "async":
        body: dict[str, object] = {
            "prompt": "A person talks.",
            "image_path": arguments.image,
            "audio_path": arguments.audio,
            "video_duration": 1,
            "target_shape": [128, 128],
        }
        async_client(arguments.url, body, 300, arguments.output)
    else:
        small = {"negative_prompt": "blur", "image_path": "", "video_duration": 1, "target_shape": [128, 128]}
        bodies = [{**small, "prompt": f"waves {n}", "save_video_path": f"./out_{n}.mp4"} for n in range(2)]
        scheduler(arguments.url, bodies, 250)
    print("completed", file=sys.stdout)


if __name__ == "__main__":
    main()
