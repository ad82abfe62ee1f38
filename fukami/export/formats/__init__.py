"""The forms in which a run leaves Fukami, one in each file: `fukami/export/contract.py` says what such a file offers."""
