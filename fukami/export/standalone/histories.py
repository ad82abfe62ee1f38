"""Histories: names of users and items as numbers of the catalogue."""

import base64
import json
import zlib

import numpy as np


def read(values, told):
    """The network's tensors of histories, padded to the longest of them."""
    rows = [asked(value, told) for value in values]
    items = np.zeros((len(rows), max(1, max(len(own) for _user, own in rows))), np.int64)
    for at, (_user, own) in enumerate(rows):
        items[at, : len(own)] = own
    tensors = {
        "items": items,
        "lengths": np.array([len(own) for _user, own in rows], np.int64),
        "users": np.array([user for user, _own in rows], np.int64),
        "candidates": np.zeros((len(rows), 1), np.int64),
    }
    return {told["name"] + "_" + name: array for name, array in tensors.items()}


def asked(value, told):
    """The number of the user, and those of the history."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = json.loads(value)
    value = {"history": value} if isinstance(value, list) else value
    if isinstance(value, dict):
        user, history, candidates = (value.get(name) for name in ("user", "history", "candidates"))
    else:
        user, history, candidates = str(value), None, None
    if candidates:
        raise ValueError("this program ranks the whole catalogue: leave out the candidates")
    known = told["users"].index(str(user)) + 1 if user and str(user) in told["users"] else 0
    numbers = {name: number for number, name in enumerate(told["items"], 1)}
    if history is None:
        own = chosen(known, told)
    elif isinstance(history, list):
        own = [numbers[str(item)] for item in history if str(item) in numbers]
    else:
        raise ValueError("a history is a list of items")
    if not known and not own:
        raise ValueError(f"neither the user nor an item of the history is known: {value!r}")
    return known, own


def chosen(user, told):
    """What a user of the training chose there."""
    lengths, items = (np.frombuffer(zlib.decompress(base64.b64decode(told[name])), "<i4") for name in ("lengths", "chosen"))
    if not user:
        return []
    end = int(lengths[:user].sum())
    return items[end - int(lengths[user - 1]) : end].tolist()
