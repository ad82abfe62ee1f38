"""How good a model is, with the doubt attached: metrics, intervals, baselines, calibration, groups, mistakes."""
