"""Ways to make a run smaller or faster, one file each; `compress/contract.py` says what a file offers."""
