"""Settings for recordings."""


def usual(facts):
    return {"name": "listener", "batch_size": 16, "epochs": 20, "learning_rate": 1e-2, "clip_norm": 5.0}
