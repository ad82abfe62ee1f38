"""What an exported folder's `predict.py` is put together from: plain NumPy and Pillow, without anything of Fukami.

A file for each kind of field. Input fields have `read(values, told)`, target fields `answer(scores, told)`; `told` is what the
field's `portable()` says, whose `code` names the files that are needed. `program` is the frame around them where one graph
gives one tensor, with `inputs(argument, told)` of `single` or `table` before it and `command` behind; `preprocess` is it where
another library computes the network.

Where a graph gives several tensors, or there are several graphs, `asking` is the frame (`preprocess_several` where another
library computes). `ask(sessions, part, told)` of `once`, or of a piece of the task's own, gives something for each example,
which `answer` gets: a tuple in the order of `TargetField.graphed` where there are several tensors. Targets that lie on an
input have `answer(scores, told, frame)`, with what the input's `frames(values, told)` says of the example.

`fukami/export/assemble.py` puts them together. What cannot be used is refused by a `ValueError` or an `OSError`.
"""
