"""One kind of data per folder: how to read, check, learn, store, batch, augment, restore and show it."""
