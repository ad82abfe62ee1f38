"""Public datasets, one per file: `CARD` (address, licence, size) and `table(files)`, from file names to a `Table`.

Checksums are those of the published files, taken from their makers or verified against an independent copy; where none could be
verified there is none, and the first download is remembered (see `data/download.py`).
"""
