"""The verb `train`: from raw data to a run folder with its proofs. One file per stage."""
