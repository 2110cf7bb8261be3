"""Distributions over shuffled histories, and differences from the first policy."""

from __future__ import annotations

OUTCOMES = r"""
// -- what might have been -------------------------------------------------------------------------
if (data.outcomes.length) (() => {
  const host = make("div", { class: "rows" }, body("outcomes"));
  const chart = {
    draw() {
      const one = data.outcomes[state.figure];
      host.replaceChildren();
      const left = make("div", {}, host);
      make("h3", {}, left, one.title);
      const [low, high] = one.range;
      const tallest = Math.max(...one.rows.flatMap((row) => row.bins));
      const label = one.money ? () => shortMoney : fits;
      one.rows.forEach((row, k) => {
        if (state.off.has(k)) return;
        const at = strip(left, k, names[k], row.median + ", " + row.text, low, high);
        const step = (at.right - at.left) / row.bins.length;
        let up = "M" + at.left + " 34";
        row.bins.forEach((n, i) => {
          up += "L" + (at.left + step * (i + 0.5)).toFixed(1) + " " +
            (34 - 28 * n / tallest).toFixed(1);
        });
        draw("path", { class: "shape " + tone("f", k), d: up + "L" + at.right + " 34Z" }, at.svg);
        marks(at, k, row, 34);
      });
      axis(left, low, high, label);
      if (!one.gaps.length) return;
      const right = make("div", {}, host);
      make("h3", {}, right, one.title + ", less that of " + names[0]);
      let a = 0, b = 0;
      one.gaps.forEach((gap, k) => {
        if (gap && !state.off.has(k)) {
          a = Math.min(a, gap.q[0], gap.history === null ? 0 : gap.history);
          b = Math.max(b, gap.q[2], gap.history === null ? 0 : gap.history);
        }
      });
      if (a === b) { a -= 0.001; b += 0.001; }
      const room = (b - a) * 0.04;
      one.gaps.forEach((gap, k) => {
        if (!gap || state.off.has(k)) return;
        const words = {
          noise: "noise", same: "equal", few: "too few paths", mixed: "not to be told",
        };
        const said = words[gap.verdict] || "more than noise";
        const at = strip(right, k, names[k], said, a - room, b + room, gap.text);
        draw("line", { class: "axis", x1: at.x(0), x2: at.x(0), y1: 2, y2: 38 }, at.svg);
        marks(at, k, gap, 20);
      });
      axis(right, a - room, b + room, label);
    },
  };
  const strip = (parent, k, name, text, low, high, title) => {
    const row = make("div", { class: "row" }, parent);
    const line = make("div", { class: "told" }, row);
    const who = make("span", {}, line);
    swatch(k, who);
    make("span", {}, who, " " + name);
    make("span", {}, line, text);
    const width = roomOf(row, 2);
    const svg = draw("svg", { viewBox: `0 0 ${width} 40`, role: "img" }, row);
    draw("title", {}, svg, name + ": " + (title || text));
    const at = { svg, left: 6, right: width - 6 };
    at.x = (v) => at.left + (at.right - at.left) *
      Math.max(-0.01, Math.min(1.01, (v - low) / (high - low)));
    draw("line", { class: "grid", x1: at.left, x2: at.right, y1: 38, y2: 38 }, svg);
    return at;
  };
  const marks = (at, k, row, y) => {
    draw("line", { class: "span " + tone("s", k), x1: at.x(row.q[0]), x2: at.x(row.q[2]), y1: y,
      y2: y }, at.svg);
    draw("circle", { class: tone("f", k), r: 4.2, cx: at.x(row.q[1]), cy: y }, at.svg);
    if (row.history !== null)
      draw("circle", { class: "past", r: 5.5, cx: at.x(row.history), cy: y }, at.svg);
  };
  const axis = (parent, low, high, label) => {
    const width = roomOf(parent, 2);
    const svg = draw("svg", { viewBox: `0 0 ${width} 18`, "aria-hidden": "true" }, parent);
    const ticks = ticksOf(low, high, width / 80), text = label(ticks.step);
    for (const v of ticks.found) {
      const x = 6 + (width - 12) * (v - low) / (high - low);
      draw("text", { x: Math.min(Math.max(x, 16), width - 18), y: 13, "text-anchor": "middle" },
        svg, text(v));
    }
  };
  picker(tools("outcomes"), "Figure", data.outcomes.map((one) => one.title),
    (k) => { state.figure = k; chart.draw(); });
  charts.push(chart);
})();
"""
