"""The Wan video autoencoder, frame group by frame group."""
