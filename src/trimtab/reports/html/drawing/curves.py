"""Curves of policies over time: growth, falls, drift."""

from __future__ import annotations

CURVES = r"""
// -- curves of policies over time -----------------------------------------------------------------
const timeChart = (id, label, lines) => {
  const known = everyone.filter((k) => lines.of(k));
  if (!known.length) {
    make("p", { class: "note" }, body(id), "Not known for these policies.");
    return;
  }
  const show = legend(body(id), known);
  const host = make("div", { class: "plot" }, body(id));
  let x, y, at, cursor, drawn;
  const chart = {
    draw() {
      drawn = known.filter((k) => !state.off.has(k)).map((k) => [k, lines.of(k)]);
      const height = heightOf(host, 320, 230);
      let [low, high] = extent(drawn.map((one) => one[1]));
      if (!drawn.length) [low, high] = [0, 1];
      const log = lines.log && lines.log();
      if (lines.zero) { low = Math.min(low, 0); high = Math.max(high, 0); }
      const room = (high - low) * 0.03;
      if (log) { low *= 0.97; high *= 1.03; }
      else { if (!lines.zero || low < 0) low -= room; if (!lines.zero || high > 0) high += room; }
      if (low === high) { low -= Math.abs(low) / 10 || 0.01; high += Math.abs(high) / 10 || 0.01; }
      const bend = log ? Math.log10 : (v) => v;
      const ticks = log ? { found: logTicks(low, high), step: 1 } : ticksOf(low, high, height / 52);
      const text = lines.tick(ticks.step);
      // Names stand at the ends of curves where there is room; where not, curves are dashed.
      const longest = Math.max(0, ...drawn.map(([k]) => brief(names[k]).length));
      const tagged = names.length > 1 && roomOf(host, 1) >= 640 &&
        drawn.length * 13.5 < height - 30;
      at = plane(host, height, bend(low), bend(high), 54,
        ticks.found.map((v) => [bend(v), text(v)]), 1, tagged ? 26 + longest * 6.8 : 6);
      y = (v) => at.y(bend(v));
      const first = days[0], last = days[days.length - 1];
      x = (day) => at.left + (at.right - at.left) * (day - first) / (last - first || 1);
      chart.back = (px) => first + (last - first) * (px - at.left) / (at.right - at.left);
      datesBelow(at, x, first, last);
      for (const [k, curve] of drawn.slice().reverse())
        draw("path", { class: "curve " + tone("s", k) + (k ? "" : " first"), "data-k": k,
          d: pathOf(days, curve, x, y) }, at.svg);
      flags(at, x, data.marks, true, lines.hangs);
      if (tagged) tags(at, drawn.map(([k, curve]) => [k, y(curve[curve.length - 1])]));
      cursor = draw("g", { visibility: "hidden" }, at.svg);
      draw("line", { class: "cursor", y1: at.top, y2: at.bottom, x1: 0, x2: 0 }, cursor);
      chart.dots = drawn.map(([k]) =>
        draw("circle", { r: 4, class: "dot " + tone("f", k) }, cursor));
      chart.point();
    },
    point() {
      const place = state.day === null ? days.length - 1 : nearest(days, state.day);
      show(iso(days[place]), (k) => lines.read(lines.of(k)[place]));
      cursor.setAttribute("visibility", state.day === null ? "hidden" : "visible");
      const line = cursor.firstChild, px = x(days[place]);
      line.setAttribute("x1", px);
      line.setAttribute("x2", px);
      drawn.forEach(([, curve], i) => {
        chart.dots[i].setAttribute("cx", px);
        chart.dots[i].setAttribute("cy", y(curve[place]));
      });
    },
  };
  follow(host, label,
    (px) => {
      state.day = px === null ? null : days[nearest(days, chart.back(px))];
      point();
    },
    (step) => {
      const from = state.day === null ? days.length - (step > 0 ? 2 : 0) : nearest(days, state.day);
      state.day = days[Math.max(0, Math.min(days.length - 1, from + step))];
      point();
    },
    () => {
      if (state.day === null) return "";
      const place = nearest(days, state.day);
      return iso(state.day) + ": " + drawn
        .map(([k, curve]) => names[k] + " " + lines.read(curve[place])).join("; ");
    });
  charts.push(chart);
};

const held = data.held.map((steps) => summed(steps).map((x) => x / data.scale));
const relative = value.map((curve) => curve.map((v, i) => v / value[0][i] - 1));
const isRelative = () => state.scale === "relative";
timeChart("growth", "Growth of every policy over time", {
  of: (k) => (isRelative() ? relative : state.scale === "held" ? held : value)[k],
  log: () => state.scale === "log",
  read: (v) => (isRelative() ? signed(2)(v) : money(v)),
  tick: (step) => (isRelative() ? fits(step) : shortMoney),
});
choice(tools("growth"), "Scale", [["linear", "Linear"], ["log", "Log"]].concat(
  names.length > 1 ? [["relative", "Against " + names[0]]] : []).concat(
  held.length ? [["held", "With flows"]] : []), "linear",
  (key) => { state.scale = key; redraw(); });
timeChart("fall", "Falls of every policy over time",
  { of: (k) => fall[k], zero: true, hangs: true, read: percent(1), tick: fits });
timeChart("drift", "Drift of every policy over time",
  { of: (k) => drift[k], zero: true, read: percent(1), tick: fits });
"""
