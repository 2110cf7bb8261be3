"""The script of a report: draws its charts as SVG and follows mouse, touch and keyboard.

It reads nothing but the page's own data, loads nothing, and writes names as text only. Where it
does not run, the tables of the page say everything.
"""

from __future__ import annotations

SCRIPT = r"""
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const space = document.getElementById("patterns").namespaceURI;
const $ = (id) => document.getElementById(id);
const summed = (steps) => { let s = 0; return steps.map((step) => (s += step)); };
const shares = (steps) => steps && summed(steps).map((x) => x / 10000);
const names = data.names;
const everyone = names.map((_, k) => k);
const days = summed(data.days);
const value = data.value.map((steps) => summed(steps).map((x) => x / data.scale));
const fall = data.fall.map(shares);
const drift = data.drift.map(shares);
const weights = data.weights.map((one) => {
  const spread = (columns) => columns && columns.map(shares);
  const target = one.target;
  return {
    symbols: one.symbols, days: summed(one.days), share: one.share.map(shares),
    aim: target && spread(target.aim), half: target && spread(target.half),
    events: summed(one.events),
  };
});

const state = { off: new Set(), day: null, year: null, policy: 0, scale: "linear",
  bars: data.bars[0][0], figure: 0, paper: false };
const charts = [];
const redraw = () => charts.forEach((chart) => chart.draw());
const point = () => charts.forEach((chart) => chart.point && chart.point());

// -- words and numbers ---------------------------------------------------------------------------
const comma = (x, digits) => x.toLocaleString("en-US",
  { minimumFractionDigits: digits, maximumFractionDigits: digits });
const money = (x) => comma(x, Math.abs(x) < 1000 ? 2 : 0);
const shortMoney = (x) => {
  const size = Math.abs(x);
  for (const [unit, sign] of [[1e9, "bn"], [1e6, "m"], [1e3, "k"]])
    if (size >= unit) return +(x / unit).toPrecision(4) + sign;
  return String(+x.toPrecision(4));
};
const percent = (digits) => (x) => comma(100 * x, digits) + "%";
const signed = (digits) => (x) => (x > 0 ? "+" : "") + comma(100 * x, digits) + "%";
const fits = (step) => percent(Math.max(0, Math.min(6, Math.ceil(-Math.log10(step * 100) - 1e-9))));
const dateOf = (day) => new Date(day * 864e5);
const iso = (day) => dateOf(day).toISOString().slice(0, 10);

// -- elements: text is always set as text ---------------------------------------------------------
const make = (tag, attributes, parent, text) => {
  const element = document.createElement(tag);
  return dressed(element, attributes, parent, text);
};
const draw = (tag, attributes, parent, text) =>
  dressed(document.createElementNS(space, tag), attributes, parent, text);
const dressed = (element, attributes, parent, text) => {
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.appendChild(element);
  return element;
};
const tone = (kind, k) => kind + (k % 8) + (k > 7 ? " again" : "");
const swatch = (k, parent) => {
  const svg = draw("svg", { class: "key", width: 26, height: 10, "aria-hidden": "true" }, parent);
  draw("line", { class: tone("s", k), x1: 1, x2: 25, y1: 5, y2: 5 }, svg);
};

// -- scales ---------------------------------------------------------------------------------------
const niceStep = (span, count) => {
  const rough = span / count, power = Math.pow(10, Math.floor(Math.log10(rough)));
  return [1, 2, 2.5, 5, 10].map((x) => x * power).find((x) => x >= rough * 0.999);
};
const ticksOf = (low, high, count) => {
  const step = niceStep(high - low || 1, count), found = [];
  for (let k = Math.ceil(low / step - 1e-9) + 0; k * step <= high + step * 1e-9; k++)
    found.push(k * step + 0);
  // One tick alone says nothing of the scale.
  return found.length > 1 || count > 12 ? { step, found } : ticksOf(low, high, count * 1.6);
};
const logTicks = (low, high) => {
  const found = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.log10(high); p++)
    for (const m of [1, 2, 3, 5, 7]) {
      const x = m * Math.pow(10, p);
      if (x >= low * 0.999 && x <= high * 1.001) found.push(x);
    }
  return found.length > 8 ? found.filter((x) => /^[125]/.test(x.toExponential())) : found;
};
const dateTicks = (first, last, most) => {
  const found = [], a = dateOf(first), b = dateOf(last);
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
  const steps = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200];
  let at = steps.findIndex((s) => months / s <= most);
  while (at > 0 && Math.floor(months / steps[at]) < 2) at--;
  const step = steps[at < 0 ? steps.length - 1 : at];
  for (let m = a.getUTCFullYear() * 12; ; m += step) {
    const day = Date.UTC(Math.floor(m / 12), m % 12, 1) / 864e5;
    if (day > last) break;
    if (day >= first) found.push([day, iso(day).slice(0, step >= 12 ? 4 : 7)]);
  }
  return found;
};
const nearest = (xs, x) => {
  let a = 0, b = xs.length - 1;
  while (b - a > 1) { const c = (a + b) >> 1; if (xs[c] <= x) a = c; else b = c; }
  return x - xs[a] <= xs[b] - x ? a : b;
};

// -- a plane with axes, that follows mouse, touch and keys ----------------------------------------
// On paper there is as much room as a page has, whatever the window; lower charts fill it better.
const PAGE = 690, GAP = 26;
const roomOf = (host, columns) => state.paper ? (PAGE - GAP * (columns - 1)) / columns
  : Math.max(host.clientWidth || 700 / columns, 220);
const heightOf = (host, wide, narrow) =>
  state.paper ? Math.round(wide * 0.6) : host.clientWidth < 520 ? narrow : wide;
const plane = (host, height, low, high, axis, ticks, columns = 1) => {
  host.replaceChildren();
  const width = roomOf(host, columns);
  const box = { width, height, left: axis, right: width - 6, top: 8, bottom: height - 22 };
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, host);
  const y = (v) => box.bottom - (box.bottom - box.top) * (v - low) / (high - low || 1);
  for (const [at, text] of ticks) {
    draw("line", { class: "grid", x1: box.left, x2: box.right, y1: y(at), y2: y(at) }, svg);
    draw("text", { x: box.left - 6, y: y(at) + 4, "text-anchor": "end" }, svg, text);
  }
  return { svg, y, ...box };
};
const datesBelow = (at, x, first, last) => {
  for (const [day, text] of dateTicks(first, last, Math.max(2, (at.right - at.left) / 62))) {
    draw("line", { class: "axis", x1: x(day), x2: x(day), y1: at.bottom, y2: at.bottom + 4 },
      at.svg);
    const middle = Math.min(Math.max(x(day), at.left + 12), at.right - 14);
    draw("text", { x: middle, y: at.bottom + 17, "text-anchor": "middle" }, at.svg, text);
  }
  draw("line", { class: "axis", x1: at.left, x2: at.right, y1: at.bottom, y2: at.bottom }, at.svg);
};
const pathOf = (xs, ys, x, y) => {
  let text = "";
  for (let i = 0; i < xs.length; i++)
    text += (i ? "L" : "M") + x(xs[i]).toFixed(1) + " " + y(ys[i]).toFixed(1);
  return text;
};
const follow = (host, label, moved, keyed, said) => {
  for (const [key, text] of Object.entries({ tabindex: 0, role: "group", "aria-label": label +
    ". Left and right arrow keys move the cursor, with Shift in larger steps; Escape ends." }))
    host.setAttribute(key, text);
  const live = make("div", { class: "vh", "aria-live": "polite" });
  host.after(live);
  const at = (event) => moved(event.clientX - host.getBoundingClientRect().left);
  host.addEventListener("pointermove", at);
  host.addEventListener("pointerdown", at);
  host.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && document.activeElement !== host) moved(null);
  });
  host.addEventListener("blur", () => moved(null));
  host.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -60, PageUp: 60, Home: -1e9, End: 1e9 };
    if (event.key === "Escape") moved(null);
    else if (event.key in step && !event.ctrlKey && !event.metaKey && !event.altKey)
      keyed(step[event.key] * (event.shiftKey ? 20 : 1));
    else return;
    event.preventDefault();
    live.textContent = said();
  });
};

// -- what stands around charts --------------------------------------------------------------------
const body = (id) => $(id).querySelector(".body");
const tools = (id) => $(id).querySelector(".tools");
const choice = (parent, label, options, current, chosen) => {
  const group = make("div", { class: "choice", role: "group", "aria-label": label }, parent);
  const buttons = options.map(([key, text]) => {
    const button = make("button", { type: "button", "aria-pressed": key === current }, group, text);
    button.addEventListener("click", () => {
      buttons.forEach((one) => one.setAttribute("aria-pressed", one === button));
      chosen(key);
    });
    return button;
  });
};
const picker = (parent, label, options, chosen) => {
  const field = make("label", { class: "pick" }, parent, label + " ");
  const select = make("select", {}, field);
  options.forEach((text, k) => make("option", { value: k }, select, text));
  select.addEventListener("change", () => chosen(+select.value));
  return select;
};
const legend = (parent, which) => {
  const row = make("div", { class: "legend" }, parent);
  const when = make("span", { class: "at" }, row);
  const items = which.map((k) => {
    const button = make("button", { type: "button" }, row);
    swatch(k, button);
    make("span", {}, button, names[k]);
    const figure = make("b", {}, button);
    button.addEventListener("click", () => {
      if (!state.off.delete(k)) state.off.add(k);
      if (state.off.size === names.length) state.off.clear();
      redraw();
    });
    return { k, button, figure };
  });
  return (date, text) => {
    when.textContent = date;
    for (const { k, button, figure } of items) {
      button.setAttribute("aria-pressed", !state.off.has(k));
      figure.textContent = state.off.has(k) ? "" : text(k);
    }
  };
};
const extent = (curves) => {
  let low = Infinity, high = -Infinity;
  for (const curve of curves) for (const v of curve) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
};

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
      at = plane(host, height, bend(low), bend(high), 54,
        ticks.found.map((v) => [bend(v), text(v)]));
      y = (v) => at.y(bend(v));
      const first = days[0], last = days[days.length - 1];
      x = (day) => at.left + (at.right - at.left) * (day - first) / (last - first || 1);
      chart.back = (px) => first + (last - first) * (px - at.left) / (at.right - at.left);
      datesBelow(at, x, first, last);
      for (const [k, curve] of drawn.slice().reverse())
        draw("path", { class: "curve " + tone("s", k) + (k ? "" : " first"),
          d: pathOf(days, curve, x, y) }, at.svg);
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
  { of: (k) => fall[k], zero: true, read: percent(1), tick: fits });
timeChart("drift", "Drift of every policy over time",
  { of: (k) => drift[k], zero: true, read: percent(1), tick: fits });

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
      draw("path", { class: "curve " + tone("s", state.policy),
        d: pathOf(one.days, curve, x, at.y) }, at.svg);
      if (one.aim) {
        const xs = span.length > 1 ? one.days : [first, last];
        draw("path", { class: "aim", d: pathOf(xs, xs.map((_, i) => aimAt(i)), x, at.y) }, at.svg);
      }
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

// -- bars by year ---------------------------------------------------------------------------------
// One chart a figure: on the screen the chosen one, on paper all that have something to show.
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
      at = plane(host, height, 0, high, 54, ticks.found.map((v) => [v, text(v)]));
      slot = (at.right - at.left) / years.length;
      light = draw("rect", { class: "band", y: at.top, height: at.bottom - at.top, width: slot,
        visibility: "hidden" }, at.svg);
      const wide = Math.min(16, slot * 0.8 / Math.max(visible.length, 1));
      const skip = Math.ceil(38 / slot);
      years.forEach((year, j) => {
        const middle = at.left + slot * (j + 0.5);
        visible.forEach((k, i) => {
          const v = rows[k][j];
          if (!v) return;
          draw("rect", { class: "bar " + tone("f", k), width: Math.max(wide - 0.6, 0.5),
            x: middle + wide * (i - visible.length / 2), y: at.y(v),
            height: Math.max(at.bottom - at.y(v), 0.5) }, at.svg);
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
