"""The report's sections, one per file with a template of the same name in `templates/sections/`.

`build(content)` gives what the template needs, or None where the content has nothing for it: a section appears because its
data is there, never because of a task. `TITLE` is its heading.
"""

ORDER = (
    "result",
    "compression",
    "samples",
    "surprise",
    "learning",
    "importance",
    "classes",
    "confusion",
    "calibration",
    "curves",
    "residuals",
    "groups",
    "mistakes",
    "columns",
    "problems",
    "proofs",
    "following",
    "plan",
    "recipe",
    "origin",
)
"""From what everybody wants to know to what only some will look up."""
FURTHER = "groups"
"""Before this one stand the sections that are not listed: what one kind of answer is shown by."""
