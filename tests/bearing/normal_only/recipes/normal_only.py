"""Settings for oddness."""


def usual(facts):
    return {"name": "squeezer", "batch_size": 16, "epochs": 20, "learning_rate": 1e-2}
