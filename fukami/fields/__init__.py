"""One kind of data per file: how to read, check, learn, store, batch, augment, restore and show it."""
