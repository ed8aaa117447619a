"""What diffusion engines are built of: weights, encoders, transformer, sampling, video autoencoder."""
