"""One contract per file: which fields go in and come out, the objective, the answer, the metrics, the baselines."""
