"""Settings for histories."""


def usual(facts):
    return {"name": "bag-of-embeddings", "batch_size": 32, "epochs": 3}
