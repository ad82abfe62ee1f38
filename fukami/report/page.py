"""One offline HTML file for a run: no address in it is ever fetched, and its policy forbids the browser to try.

>>> page = render(Content(run={"task": "demo"}, evaluation={"examples": 40, "metrics": {"speed": 3.5}}))
>>> page.startswith("<!doctype html>"), "3.5" in page
(True, True)
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fukami.core import language as languages
from fukami.core import rooms
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.report.charts.axes import number_label
from fukami.report.content import Content, content_of
from fukami.report.figures import label, shown
from fukami.report.sections import FURTHER, ORDER
from fukami.report.svg import clean

__all__ = ["Content", "render"]

_TEMPLATES = Path(__file__).parent / "templates"


if TYPE_CHECKING:
    from fukami.tasks.contract import Task


def page_of(draft: Path, task: "Task", columns: dict[str, list[Column]], **told: Any) -> str:
    """The report of the run in the folder `draft`; `told` is what else `content_of` takes."""
    return render(content_of(draft, task, columns, **told))


def render(content: Content, *, language: str | None = None) -> str:
    """The report as one HTML document of text (no surrogates or control characters, so it can be written as UTF-8).

    `language` is "en" or "ja"; the one in use where it is None.
    """
    spoken = languages.current()
    with speaking(language):
        if languages.current() != spoken:  # what it holds was said in the other language
            content = Content(**{name: languages.told(languages.stored(part)) for name, part in vars(content).items()})
        return clean(_environment(rooms.folders("report/templates")).get_template("page.html").render(**_view(content)))


def with_proofs(page: str, proofs: dict[str, Any]) -> str:
    """A report whose proofs are others, and all else as it was, in its own language."""
    spoken = re.search(r'<html lang="(\w+)"', page)
    with speaking(spoken[1] if spoken and spoken[1] in languages.LANGUAGES else None):
        told = Content(proofs=languages.told(languages.stored(proofs)))
        made = next((_section(part) for part in sections(told) if part["name"] == "proofs"), "")
    return re.sub(r'<section id="proofs".*?</section>\n?', lambda _found: clean(made), page, count=1, flags=re.DOTALL)


def _section(section: dict[str, Any]) -> str:
    return _environment(rooms.folders("report/templates")).get_template("section.html").render(section=section)


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speaks `language` inside, and the previous one after."""
    before = languages.current()
    languages.use(language or before)
    try:
        yield
    finally:
        languages.use(before)


@cache
def _environment(folders: tuple[Path, ...]):
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"_": _, "label": label}
    return environment


def _view(content: Content) -> dict[str, Any]:
    """What the page's template needs."""
    run = content.run
    script = (_TEMPLATES / "page.js").read_text("utf-8")
    source = content.subject or str(content.recipe.get("data", {}).get("source") or "")
    subject = Path(source).name or str(run.get("task", "")) or _("Report")
    return {
        "language": languages.current(),
        "title": _title(content, subject),
        "subject": subject,
        "facts": [fact for fact in facts(run) if fact != subject],
        "sections": list(sections(content)),
        "style": (_TEMPLATES / "page.css").read_text("utf-8"),
        "script": script,
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }


def facts(run: dict[str, Any]) -> list[str]:
    """Task, model and its size, and when the run was made.

    >>> facts({"task": "demo", "model": {"name": "vit", "parameters": 5500000}, "created": "2026-03-14T09:26:00+00:00"})
    ['demo', 'vit', '5.5M parameters', '2026-03-14 09:26 UTC']
    """
    model = run.get("model") or {}
    model = model if isinstance(model, dict) else {"name": model}
    size = model.get("parameters")
    many = _("{count} parameters").format(count=number_label(size)) if size else ""
    created = str(run.get("created") or "")
    if created.endswith("+00:00"):  # as run.json has it
        created = f"{created[:10]} {created[11:16]} UTC"
    return [str(fact) for fact in (run.get("task"), model.get("name"), many, created) if fact]


def sections(content: Content) -> Iterator[dict[str, Any]]:
    """The sections that have something to show, in the order of the page."""
    files = rooms.files("report/sections")
    for name in ordered(files):
        module = rooms.loaded(files[name])
        view = module.build(content)
        if view is not None:
            yield {"name": name, "title": _(module.TITLE), "view": view}


def ordered(names: Iterable[str]) -> list[str]:
    """Sections as they stand on the page: those that are not listed come together, before `FURTHER`.

    >>> ordered(["proofs", "residuals", "boxes", "groups"])
    ['residuals', 'boxes', 'groups', 'proofs']
    """
    return sorted(names, key=lambda name: (ORDER.index(name if name in ORDER else FURTHER), name in ORDER, name))


def _title(content: Content, subject: str) -> str:
    for name, told in content.metrics.items():
        return f"{subject}: {label(name)} {shown(name, told.value)} · Fukami"
    return f"{subject} · Fukami"
