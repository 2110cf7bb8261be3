"""The script of a report: draws its charts as SVG and follows mouse, touch and keyboard.

It reads nothing but the page's own data, loads nothing, and writes names as text only. Where it
does not run, the tables of the page say everything.
"""

from __future__ import annotations

from trimtab.reports.html.drawing.curves import CURVES
from trimtab.reports.html.drawing.outcomes import OUTCOMES
from trimtab.reports.html.drawing.planes import PLANES
from trimtab.reports.html.drawing.weights import WEIGHTS
from trimtab.reports.html.drawing.words import WORDS
from trimtab.reports.html.drawing.years import YEARS

LAST = r"""
// -- drawn now, and again when there is more or less room ----------------------------------------
redraw();
let seen = document.documentElement.clientWidth;
window.addEventListener("resize", () => {
  const now = document.documentElement.clientWidth;
  if (now !== seen) { seen = now; requestAnimationFrame(redraw); }
});
for (const [event, paper] of [["beforeprint", true], ["afterprint", false]])
  window.addEventListener(event, () => { state.paper = paper; redraw(); });
})();
"""

SCRIPT = "\n".join((WORDS, PLANES, CURVES, WEIGHTS, YEARS, OUTCOMES, LAST))
