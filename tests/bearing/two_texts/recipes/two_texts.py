"""Settings for a pair of texts."""


def usual(facts):
    return {"name": "two-towers", "batch_size": 16, "epochs": 12, "learning_rate": 5e-3}
