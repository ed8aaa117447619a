"""The diffusion transformer of InfiniteTalk: Wan 2.1's, whose blocks attend to speech as well."""
