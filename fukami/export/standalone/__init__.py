"""What an exported folder's `predict.py` is put together from: plain NumPy and Pillow, without anything of Fukami.

A file for each kind of field. Input fields have `read(values, told)`, target fields `answer(scores, told)`; `told` is what the
field's `portable()` says, whose `code` names the files that are needed. `program` is the frame around them where the graph
answers by itself, with `inputs(argument, told)` of `single` or `table`; `preprocess` is it where another library computes the
network. `fukami/export/assemble.py` puts them together. What cannot be used is refused by a `ValueError` or an `OSError`.
"""
