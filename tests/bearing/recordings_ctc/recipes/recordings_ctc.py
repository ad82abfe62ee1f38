"""Settings for recordings."""


def usual(facts):
    return {"name": "listener", "batch_size": 16, "epochs": 40, "learning_rate": 2e-2, "clip_norm": 1.0}
