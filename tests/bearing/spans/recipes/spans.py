"""Settings for passages."""


def usual(facts):
    return {"name": "span-reader", "batch_size": 16, "epochs": 10, "learning_rate": 1e-2}
