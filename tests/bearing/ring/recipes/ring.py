"""Settings for a graph."""


def usual(facts):
    return {"name": "passing", "batch_size": 16, "epochs": 20, "learning_rate": 1e-2}
