"""The report in a real browser, where one is installed: nothing wider than the screen, nothing on the console."""

import html
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fukami.report.page import render

sys.path.insert(0, str(Path(__file__).parent.parent))
from report_contents import HOSTILE, full

BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=4000",
]

# The report lies in frames as wide as the screens; the page around them, which has no policy, measures.
MEASURE = """
<!doctype html><title>measure</title>{frames}
<script>
addEventListener("load", () => {{
  for (const frame of document.querySelectorAll("iframe")) {{
    const page = frame.contentDocument.documentElement;
    frame.title = `${{frame.width}}:${{page.scrollWidth}}:${{page.scrollHeight}}:${{page.querySelectorAll("svg").length}}`;
  }}
}});
</script>
"""


def opened(page: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """What the browser made of a page."""
    return subprocess.run(
        [
            str(BROWSER),
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1400,900",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )


# Names of metrics may break after an underscore only, which is where the report puts them into text nodes of their own.
BROKEN = """
<!doctype html><title>broken</title><iframe width="390" height="800" srcdoc="{report}"></iframe>
<script>
addEventListener("load", () => {{
  const [frame] = document.querySelectorAll("iframe");
  const names = [...frame.contentDocument.querySelectorAll(".metrics th code, .figures dt")];
  const lines = (node) => {{ const range = new Range(); range.selectNode(node); return range.getClientRects().length; }};
  const broken = names.filter((name) => [...name.childNodes].some((node) => node.nodeType === 3 && lines(node) > 1));
  frame.title = `broken of ${{names.length > 4}}: ${{broken.map((name) => name.textContent)}}.`;
}});
</script>
"""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_names_of_metrics_do_not_break_inside_a_word(tmp_path, language):
    told = {"value": 0.91237, "low": 0.9101, "high": 0.9141}  # two decimals: the widest that figures get
    names = ("calibration_error", "balanced_accuracy", "matthews_corrcoef", "hamming_loss")
    rivals = {name: dict.fromkeys(names, 0.41) for name in ("majority", "linear", "boosting")}
    evaluation = {"examples": 9, "metrics": dict.fromkeys(names, told)}
    proofs = {"split": {"source": "/a/folder/whose/name/is/rather/long/and/has/no/blank/in/it.csv"}}
    content = replace(full(), evaluation=evaluation, baselines=rivals, proofs=proofs)
    page = tmp_path / "broken.html"
    page.write_text(BROKEN.format(report=html.escape(render(content, language=language))), "utf-8")
    assert 'title="broken of true: ."' in opened(page, tmp_path).stdout


@pytest.mark.parametrize("labels", [None, HOSTILE], ids=["plain", "hostile"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_fits_the_screen_and_leaves_the_console_empty(tmp_path, labels, language):
    report = html.escape(render(full(labels), language=language))
    frames = "".join(f'<iframe width="{w}" height="800" srcdoc="{report}"></iframe>' for w in (320, 390, 768, 1200))
    page = tmp_path / "measure.html"
    page.write_text(MEASURE.format(frames=frames), "utf-8")
    done = opened(page, tmp_path)
    measured = re.findall(r'title="(\d+):(\d+):(\d+):(\d+)"', done.stdout)
    assert [int(width) for width, *_rest in measured] == [320, 390, 768, 1200], done.stderr[-2000:]
    for width, drawn, height, drawings in measured:
        assert int(drawn) <= int(width), f"{drawn} px wide on a screen of {width} px"
        assert int(height) > 1000 and int(drawings) >= 9
    assert not [line for line in done.stderr.splitlines() if "CONSOLE" in line]
