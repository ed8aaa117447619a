"""habana_frameworks.torch.distributed.hccl: importing it chooses the card and makes the collectives known."""
