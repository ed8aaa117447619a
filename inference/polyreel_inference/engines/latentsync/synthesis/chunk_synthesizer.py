"""The work all ranks do for some chunks of a job."""

import torch
from torch import Tensor
from torch.nn import functional

from polyreel_inference.devices.backend import Backend
from polyreel_inference.engines.latentsync.checkpoint.loading import Networks
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.latentsync.synthesis.chunk import VAE_FACTOR, Chunk, SynthesisRequest
from polyreel_inference.engines.latentsync.synthesis.crop_autoencoder import CropAutoencoder
from polyreel_inference.engines.latentsync.synthesis.sharing import Batch, share_chunks
from polyreel_inference.parallel.gate import Gate
from polyreel_inference.parallel.mesh import Mesh


class ChunkSynthesizer:
    """Makes crops speak. Chunks are spread over the ranks of the mesh's sequence group.

    `mask` float32 [r, r] is 1 where a crop is kept and 0 where it is made anew; `batch` is how many chunks a
    rank computes together, unless a request says otherwise.
    """

    def __init__(
        self, networks: Networks, mask: Tensor, backend: Backend, mesh: Mesh, *, batch: int = 1
    ) -> None:
        if batch < 1:
            raise ValueError("a batch holds at least one chunk")
        self._denoiser = ChunkDenoiser(networks.unet, backend)
        self._autoencoder = CropAutoencoder(networks.autoencoder, backend)
        self._backend, self._mesh, self._batch = backend, mesh, batch
        self._mask = mask.to(backend.device, torch.float32)
        latent_size = [side // VAE_FACTOR for side in mask.shape]
        self._latent_mask = functional.interpolate(self._mask[None, None], size=latent_size)[0]

    @property
    def chunks_at_once(self) -> int:
        """How many chunks of a request keep all ranks busy in one round."""
        return self._batch * self._mesh.sequence.size

    def rounds(self, request: SynthesisRequest) -> int:
        """How many rounds of `settings.steps` steps a request takes: the gate is passed before each step."""
        return len(self._shares(request))

    @torch.inference_mode()
    def run(self, request: SynthesisRequest, gate: Gate) -> list[Tensor]:
        """Return the crops of every chunk, float32 [F, 3, r, r] in about [-1, 1] on the CPU of every rank.

        Outside of the mask they are the given ones. Raises what the gate raises. The `Work` of a `Team`.
        """
        group = self._mesh.sequence
        made: dict[int, Tensor] = {}
        for number, batches in enumerate(self._shares(request)):
            own = self._make(batches[group.rank], request, gate, number * request.settings.steps)
            for batch, crops in zip(batches, self._exchange(own, batches, request), strict=True):
                made.update(zip(batch.chunks, crops.cpu(), strict=False))
        return [made[number] for number in range(len(request.chunks))]

    def _shares(self, request: SynthesisRequest) -> list[list[Batch]]:
        lengths = [chunk.frames for chunk in request.chunks]
        return share_chunks(lengths, self._mesh.sequence.size, request.batch or self._batch)

    def _make(self, batch: Batch, request: SynthesisRequest, gate: Gate, done: int) -> Tensor | None:
        """Return the crops of a batch, [B, F, 3, r, r] on the device; None where there is nothing to do."""
        settings = request.settings
        if not batch.chunks:
            # The ranks pass the gate together, also those that have nothing to do.
            for step in range(settings.steps):
                gate.step(done + step)
            return None
        chunks = [request.chunks[number] for number in batch.chunks]
        crops = torch.cat([chunk.crops for chunk in chunks]).to(self._backend.device)
        pictures = crops.float() / 127.5 - 1.0
        size = (len(chunks), chunks[0].frames)
        latents = self._denoiser.run(
            request.noise.to(self._backend.device).expand(*size, *request.noise.shape),
            self._conditions(pictures, chunks).unflatten(0, size),
            torch.stack([chunk.audio for chunk in chunks]).to(self._backend.device),
            settings,
            lambda step: gate.step(done + step),
        )
        decoded = self._autoencoder.decode(latents.flatten(0, 1))
        whole: Tensor = (decoded * (1.0 - self._mask) + pictures * self._mask).unflatten(0, size)
        return whole

    def _conditions(self, pictures: Tensor, chunks: list[Chunk]) -> Tensor:
        """What the network sees beside the noise: [N, 9, r / 8, r / 8]."""
        masked_noise = torch.cat([chunk.masked_noise for chunk in chunks])
        crop_noise = torch.cat([chunk.crop_noise for chunk in chunks])
        masked = self._autoencoder.encode(pictures * self._mask, masked_noise)
        whole = self._autoencoder.encode(pictures, crop_noise)
        mask = self._latent_mask.expand(len(pictures), 1, -1, -1)
        return torch.cat([mask, masked, whole], dim=1)

    def _exchange(self, own: Tensor | None, batches: list[Batch], request: SynthesisRequest) -> list[Tensor]:
        """Return what every rank has made in a round, in rank order."""
        group = self._mesh.sequence
        if group.size == 1:
            return [] if own is None else [own]
        lengths = [[request.chunks[number].frames for number in batch.chunks] for batch in batches]
        most, longest = max(map(len, lengths)), max(max(frames, default=0) for frames in lengths)
        # All ranks have to send equally much.
        sent = torch.zeros((most, longest, 3, *self._mask.shape), device=self._backend.device)
        if own is not None:
            sent[: own.shape[0], : own.shape[1]] = own
        gathered = group.gather(sent[None], dim=0)
        return [
            part[: len(frames), : max(frames, default=0)]
            for part, frames in zip(gathered, lengths, strict=True)
        ]
