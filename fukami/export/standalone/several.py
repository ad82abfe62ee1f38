"""Several inputs, each read by the pieces of its own."""

READERS = {}


def read(values, told):
    """The network's tensors of objects that hold each input by its name."""
    if not all(isinstance(value, dict) and told["inputs"].keys() <= value.keys() for value in values):
        raise ValueError("an input is an object of " + ", ".join(told["inputs"]))
    found = {}
    for name, one in told["inputs"].items():
        found.update(READERS[name]([value[name] for value in values], one))
    return found
