"""Prompts as the text encoder was trained on them."""

import html
import re

import ftfy


def clean_text(text: str) -> str:
    """Mend broken encodings, resolve HTML entities (twice, as found on the web) and collapse white space."""
    mended = html.unescape(html.unescape(ftfy.fix_text(text)))
    return re.sub(r"\s+", " ", mended).strip()
