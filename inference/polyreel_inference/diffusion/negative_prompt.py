"""What Wan's models are told to stay away from when a request does not say."""

NEGATIVE_PROMPT = (
    "bright tones, overexposed, static, blurred details, subtitles, style, works, paintings, images, static,"
    " overall gray, worst quality, low quality, JPEG compression residue, ugly, incomplete, extra fingers,"
    " poorly drawn hands, poorly drawn faces, deformed, disfigured, misshapen limbs, fused fingers, still"
    " picture, messy background, three legs, many people in the background, walking backwards"
)
"""The list of flaws the authors of Wan give their models (wan/configs/shared_config.py), in the English of
their documentation."""
