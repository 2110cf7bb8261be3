"""Bars by calendar year, one chart a figure."""

from __future__ import annotations

YEARS = r"""
// -- bars by year ---------------------------------------------------------------------------------
// One chart a figure: on the screen the chosen one, on paper all that have something to show.
// On paper bars are hatched where they are as wide as a tile of a hatching, and two charts stand
// side by side where they are so in half a page.
const TILE = 6, FILLED = 0.8, AXIS = 54, SPARE = 6;
const showYears = legend(body("years"), everyone);
const barsOf = ([key, title]) => {
  const block = make("div", {}, body("years"));
  const head = make("h3", {}, block, title);
  const host = make("div", { class: "plot" }, block);
  const years = data.years, rows = data[key];
  const isShown = () => state.paper ? rows.some((row) => row.some((v) => v)) : state.bars === key;
  const read = (v) => (key === "turnover" ? percent(1)(v) : comma(v, 2));
  let at, slot, light;
  const chart = {
    draw() {
      block.hidden = !isShown();
      head.hidden = !state.paper;
      if (block.hidden) return;
      const visible = everyone.filter((k) => !state.off.has(k));
      const height = heightOf(host, 270, 220);
      const high = Math.max(extent(visible.map((k) => rows[k]))[1], 0) || 0.01;
      const ticks = ticksOf(0, high, height / 52);
      const text = key === "turnover" ? fits(ticks.step) : shortMoney;
      const bars = years.length * Math.max(visible.length, 1);
      const half = state.paper && (roomOf(host, 2) - AXIS - SPARE) * FILLED >= bars * TILE;
      block.classList.toggle("whole", !half);
      at = plane(host, height, 0, high, AXIS, ticks.found.map((v) => [v, text(v)]), half ? 2 : 1,
        SPARE);
      slot = (at.right - at.left) / years.length;
      light = draw("rect", { class: "band", y: at.top, height: at.bottom - at.top, width: slot,
        visibility: "hidden" }, at.svg);
      const wide = Math.min(16, (at.right - at.left) * FILLED / bars);
      const kind = wide < TILE ? "bar " : "bar hatched ";
      const skip = Math.ceil(38 / slot);
      years.forEach((year, j) => {
        const middle = at.left + slot * (j + 0.5);
        visible.forEach((k, i) => {
          const v = rows[k][j];
          if (!v) return;
          draw("rect", { class: kind + tone("f", k), "data-k": k,
            width: Math.max(wide - 0.6, 0.5), x: middle + wide * (i - visible.length / 2),
            y: at.y(v), height: Math.max(at.bottom - at.y(v), 0.5) }, at.svg);
        });
        if (j % skip === 0)
          draw("text", { x: middle, y: at.bottom + 17, "text-anchor": "middle" }, at.svg, year);
      });
      draw("line", { class: "axis", x1: at.left, x2: at.right, y1: at.bottom, y2: at.bottom },
        at.svg);
      chart.point();
    },
    point() {
      if (state.bars !== key) return;
      const j = state.year;
      showYears(j === null ? "All years" : String(years[j]), (k) =>
        read(j === null ? rows[k].reduce((a, b) => a + b, 0) : rows[k][j]));
      if (block.hidden) return;
      light.setAttribute("visibility", j === null ? "hidden" : "visible");
      light.setAttribute("x", at.left + slot * (j || 0));
    },
  };
  follow(host, title + " of every policy by year",
    (px) => {
      state.year = px === null ? null :
        Math.max(0, Math.min(years.length - 1, Math.floor((px - at.left) / slot)));
      chart.point();
    },
    (step) => {
      const from = state.year === null ? years.length - (step > 0 ? 2 : 0) : state.year;
      state.year = Math.max(0, Math.min(years.length - 1, from + Math.sign(step)));
      chart.point();
    },
    () => (state.year === null ? "" : years[state.year] + ": " + everyone
      .filter((k) => !state.off.has(k))
      .map((k) => names[k] + " " + read(rows[k][state.year])).join("; ")));
  charts.push(chart);
};
data.bars.forEach(barsOf);
choice(tools("years"), "What", data.bars, data.bars[0][0],
  (key) => { state.bars = key; redraw(); });
"""
