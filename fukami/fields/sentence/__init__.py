"""Texts that are written as an answer: translations, summaries, corrections."""
