"""Weights of one policy against targets and bands, a panel for each holding."""

from __future__ import annotations

WEIGHTS = r"""
// -- weights against bands, a panel for each holding ----------------------------------------------
const panels = make("div", { class: "panels" }, body("weights"));
const told = make("p", { class: "note" });
body("weights").prepend(told);
const select = picker(tools("weights"), "Policy", names, (k) => { state.policy = k; panelsOf(); });
// The first with a band shows most; a policy that never trades has not even marks to look at.
const banded = weights.findIndex((one) => one.half);
state.policy = Math.max(0, banded < 0 ? weights.findIndex((one) => one.events.length) : banded);
select.value = state.policy;
let drawnPanels = [];
const panelsOf = () => {
  panels.replaceChildren();
  const one = weights[state.policy];
  panels.classList.toggle("even", one.symbols.length === 2 || one.symbols.length === 4);
  const count = one.events.length;
  told.textContent = names[state.policy] + ": " + (count === 1 ? "1 rebalance" :
    comma(count, 0) + " rebalances") + (one.half ? "." : ". It has no band.") +
    (one.aim ? "" : " Its targets are not known.");
  const first = one.days[0], last = one.days[one.days.length - 1];
  drawnPanels = one.symbols.map((symbol, s) => {
    const cell = make("div", {}, panels);
    const head = make("div", { class: "legend" }, cell);
    make("h3", {}, head, symbol);
    const read = make("span", {}, head);
    const host = make("div", { class: "plot" }, cell);
    const curve = one.share[s];
    const aimAt = (i) => one.aim[s][one.aim[s].length > 1 ? i : 0];
    const halfAt = (i) => one.half[s][one.half[s].length > 1 ? i : 0];
    const span = one.aim && one.aim[s].length > 1 ? one.days.map((_, i) => i) : [0];
    const held = { cell };
    let x, at, cursor;
    held.draw = () => {
      let [low, high] = extent([curve].concat(one.aim ? [one.aim[s]] : []));
      if (one.half) for (const i of span) {
        low = Math.min(low, aimAt(i) - halfAt(i));
        high = Math.max(high, aimAt(i) + halfAt(i));
      }
      const room = (high - low) * 0.06 || 0.01;
      low = low >= 0 ? Math.max(0, low - room) : low - room;
      high += room;
      const ticks = ticksOf(low, high, 3.2);
      at = plane(host, heightOf(host, 180, 150), low, high, 40,
        ticks.found.map((v) => [v, fits(ticks.step)(v)]), 2);
      x = (day) => at.left + (at.right - at.left) * (day - first) / (last - first || 1);
      held.back = (px) => first + (last - first) * (px - at.left) / (at.right - at.left);
      datesBelow(at, x, first, last);
      if (one.half) {
        const xs = span.length > 1 ? one.days : [first, last];
        const up = xs.map((_, i) => aimAt(i) + halfAt(i));
        const down = xs.map((_, i) => aimAt(i) - halfAt(i));
        const edge = (ys, order) => order.map((i) => x(xs[i]).toFixed(1) + " " +
          at.y(Math.max(low, ys[i])).toFixed(1)).join("L");
        const order = xs.map((_, i) => i);
        draw("path", { class: "band", d: "M" + edge(up, order) + "L" +
          edge(down, order.slice().reverse()) + "Z" }, at.svg);
      }
      let marks = "", before = -9;
      for (const day of one.events) {
        const px = x(day);
        if (px - before < 1) continue;
        before = px;
        marks += "M" + px.toFixed(1) + " " + (at.top - 7) + "v7";
      }
      draw("path", { class: "mark", d: marks }, at.svg);
      draw("path", { class: "curve lone " + tone("s", state.policy),
        d: pathOf(one.days, curve, x, at.y) }, at.svg);
      if (one.aim) {
        const xs = span.length > 1 ? one.days : [first, last];
        draw("path", { class: "aim", d: pathOf(xs, xs.map((_, i) => aimAt(i)), x, at.y) }, at.svg);
      }
      flags(at, x, data.marks.filter((mark) => mark[1] === symbol), false);
      cursor = draw("g", {}, at.svg);
      draw("line", { class: "cursor", y1: at.top, y2: at.bottom }, cursor);
      draw("circle", { r: 3.5, class: "dot " + tone("f", state.policy) }, cursor);
      held.point();
    };
    held.words = () => {
      const place = state.day === null ? one.days.length - 1 : nearest(one.days, state.day);
      return iso(one.days[place]) + "  " + percent(1)(curve[place]) +
        (one.aim ? ", target " + percent(1)(aimAt(place)) : "");
    };
    held.point = () => {
      const place = state.day === null ? one.days.length - 1 : nearest(one.days, state.day);
      read.textContent = held.words();
      cursor.setAttribute("visibility", state.day === null ? "hidden" : "visible");
      const px = x(one.days[place]);
      cursor.firstChild.setAttribute("x1", px);
      cursor.firstChild.setAttribute("x2", px);
      cursor.lastChild.setAttribute("cx", px);
      cursor.lastChild.setAttribute("cy", at.y(curve[place]));
    };
    follow(host, "Weight of " + symbol + " over time",
      (px) => {
        state.day = px === null ? null : one.days[nearest(one.days, held.back(px))];
        point();
      },
      (step) => {
        const all = one.days;
        const from = state.day === null ? all.length - (step > 0 ? 2 : 0) : nearest(all, state.day);
        state.day = all[Math.max(0, Math.min(all.length - 1, from + step))];
        point();
      },
      () => (state.day === null ? "" : symbol + " " + held.words()));
    return held;
  });
  drawnPanels.forEach((panel) => panel.draw());
};
charts.push({
  draw: () => drawnPanels.forEach((panel) => panel.draw()),
  point: () => drawnPanels.forEach((panel) => panel.point()),
});
panelsOf();
"""
