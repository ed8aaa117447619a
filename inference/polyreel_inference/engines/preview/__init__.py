"""The preview engine: talking faces and animated scenes on a CPU, without model weights."""
