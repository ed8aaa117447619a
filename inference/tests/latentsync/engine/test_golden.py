"""Whole jobs, from footage and speech to frames and masks, against the original's."""

from pathlib import Path

import numpy as np
import pytest
import torch

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.audio.speech_features import SpeechFeatures
from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import load_networks, load_whisper
from polyreel_inference.engines.latentsync.faces.face_choice import LargestFace
from polyreel_inference.engines.latentsync.faces.landmark_source import DetectedFace
from polyreel_inference.engines.latentsync.frame_order import FrameOrder
from polyreel_inference.engines.latentsync.pictures.aligned_footage import AlignedFootage
from polyreel_inference.engines.latentsync.pictures.alignment import Template
from polyreel_inference.engines.latentsync.pictures.fixed_mask import keep_mask
from polyreel_inference.engines.latentsync.pictures.paste import Paster
from polyreel_inference.engines.latentsync.plan import original_frames
from polyreel_inference.engines.latentsync.preparing import Preparation
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DEEP_CACHE_INTERVAL, DenoiseSettings
from polyreel_inference.engines.latentsync.synchronising import FinishedFrame, Synchroniser
from polyreel_inference.engines.latentsync.synthesis.chunk import JobNoise
from polyreel_inference.engines.latentsync.synthesis.chunk_synthesizer import ChunkSynthesizer
from polyreel_inference.media.video_reader import VideoReader
from polyreel_inference.parallel.gate import SingleGate
from polyreel_inference.parallel.mesh import Mesh
from tests.latentsync.faces.scripted_landmarks import ScriptedLandmarks
from tests.latentsync.golden import golden, grey_levels
from tests.latentsync.golden_inputs import LOOPS, PORTRAIT, sound
from tests.media.clips import ffmpeg

FPS = 25
SEED = 1247
SHOWN = (slice(None), slice(75, 276, 3), slice(113, 269, 3))
"""The part of the frames that is stored."""


def footage(path: Path, frames: int) -> VideoReader:
    """The beginning of the sample, without loss."""
    ffmpeg("-i", PORTRAIT, "-frames:v", str(frames), "-an", "-c:v", "ffv1", path)
    return VideoReader(path, FPS)


def finished(name: str, folder: LatentSyncFolder, video: VideoReader) -> list[FinishedFrame]:
    """All frames of a job with every switch as the original has it."""
    loop, stored, backend = LOOPS[name], golden("loop"), CpuBackend()
    template = Template(folder.resolution)
    anchors = stored["anchors"].double().numpy()
    box = np.array([0.0, 0.0, 200.0, 200.0])
    landmarks = ScriptedLandmarks(lambda frame, _: [DetectedFace(box, 1.0, anchors[frame])])
    order = FrameOrder(original_frames(loop.samples, FPS), len(video), FPS)
    speech = (sound(name, loop.samples) / 32768).astype(np.float32)
    mask = torch.tensor(keep_mask(folder.resolution))
    synthesizer = ChunkSynthesizer(load_networks(folder, backend), mask, backend, Mesh.single())
    preparation = Preparation(
        order,
        SpeechFeatures(load_whisper(folder), speech),
        JobNoise(SEED, folder.resolution),
        DenoiseSettings(loop.steps, loop.guidance_scale, DEEP_CACHE_INTERVAL if loop.cached else 1),
        chunks_at_once=1,
    )
    synchroniser = Synchroniser(
        lambda _, request: synthesizer.run(request, SingleGate(lambda _: None)),
        Paster(template, "rectangle"),
        with_mask=True,
    )
    aligned = AlignedFootage(video, order, landmarks, LargestFace(), template, "original", lambda: None)
    return [frame for group in synchroniser.groups(preparation.groups(aligned)) for frame in group]


@pytest.mark.parametrize("name", LOOPS)
def test_the_frames_are_the_original_s(name: str, folder: LatentSyncFolder, tmp_path: Path) -> None:
    stored = golden("loop")
    made = finished(name, folder, footage(tmp_path / "source.mkv", LOOPS[name].frames))
    frames = torch.from_numpy(np.stack([frame.image for frame in made]))
    assert grey_levels(frames[SHOWN], stored[f"{name}_frames"]) <= 2
    means = frames.double().mean(dim=(1, 2))
    assert float((means - stored[f"{name}_means"]).abs().max()) < 0.05
    if name == "looped":
        masks = torch.from_numpy(np.stack([frame.masked for frame in made if frame.masked is not None]))
        assert grey_levels(masks[::4][SHOWN], stored["looped_masked"]) <= 2
        means = masks.double().mean(dim=(1, 2))
        assert float((means - stored["looped_masked_means"]).abs().max()) < 0.05
