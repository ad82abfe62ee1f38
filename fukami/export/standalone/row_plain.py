"""Digits of any script's width."""

import unicodedata


def plain(text):
    """Full-width digits and signs as ordinary ones."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()
