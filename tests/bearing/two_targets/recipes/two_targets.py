"""Settings for two targets."""


def usual(facts):
    return {"name": "mlp", "batch_size": 16, "epochs": 15, "learning_rate": 5e-3}
