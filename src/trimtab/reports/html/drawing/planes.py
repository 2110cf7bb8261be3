"""Scales, axes, what follows mouse, touch and keys, and the controls around charts."""

from __future__ import annotations

PLANES = r"""
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
const plane = (host, height, low, high, axis, ticks, columns = 1, spare = 6) => {
  host.replaceChildren();
  const width = roomOf(host, columns);
  const box = { width, height, left: axis, right: width - spare, top: 8, bottom: height - 22 };
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, host);
  const y = (v) => box.bottom - (box.bottom - box.top) * (v - low) / (high - low || 1);
  for (const [at, text] of ticks) {
    draw("line", { class: "grid", x1: box.left, x2: box.right, y1: y(at), y2: y(at) }, svg);
    draw("text", { x: box.left - 6, y: y(at) + 4, "text-anchor": "end" }, svg, text);
  }
  return { svg, y, ...box };
};
const datesBelow = (at, x, first, last) => {
  let free = -1e9;
  for (const [day, text] of dateTicks(first, last, Math.max(2, (at.right - at.left) / 62))) {
    draw("line", { class: "axis", x1: x(day), x2: x(day), y1: at.bottom, y2: at.bottom + 4 },
      at.svg);
    const middle = Math.min(Math.max(x(day), at.left + 12), at.right - 14);
    const half = text.length * 3.4;
    if (middle - half < free) continue;
    free = middle + half + 4;
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
// What happened to an instrument: a dotted line, named where names have room.
const flags = (at, x, happened, named, low) => {
  const ends = [-1e9, -1e9, -1e9];
  for (const [day, symbol, word] of happened) {
    const px = x(day);
    draw("line", { class: "happened", x1: px, x2: px, y1: at.top, y2: at.bottom }, at.svg);
    const text = named ? brief(symbol) + " " + word : word, wide = text.length * 6.3 + 8;
    const back = px + wide > at.right, from = back ? px - wide : px;
    const row = ends.findIndex((end) => end < from);
    if (row < 0) continue;
    ends[row] = from + wide;
    const y = low ? at.bottom - 6 - 13 * row : at.top + 10 + 13 * row;
    const anchor = back ? "end" : "start";
    draw("text", { class: "flag", x: px + (back ? -4 : 4), y, "text-anchor": anchor }, at.svg,
      text);
  }
};
// Names at the ends of curves, apart from each other, each with a line to its curve.
const tags = (at, ends) => {
  const least = 13.5, sorted = ends.slice().sort((a, b) => a[1] - b[1]);
  let places = sorted.map((one) => one[1]);
  for (let i = 1; i < places.length; i++) places[i] = Math.max(places[i], places[i - 1] + least);
  for (let i = places.length - 1, most = at.bottom; i >= 0; i--, most = places[i + 1] - least)
    places[i] = Math.min(places[i], most);
  sorted.forEach(([k, y], i) => {
    draw("path", { class: "lead " + tone("s", k), "data-k": k,
      d: `M${at.right + 1} ${y}L${at.right + 10} ${places[i]}H${at.right + 15}` }, at.svg);
    draw("text", { class: "tag", "data-k": k, x: at.right + 19, y: places[i] + 4 }, at.svg,
      brief(names[k]));
  });
};
const light = (k) => document.querySelectorAll("main [data-k]").forEach((one) =>
  one.classList.toggle("dim", k !== null && one.getAttribute("data-k") !== String(k)));
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
    button.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse" && !state.off.has(k)) light(k);
    });
    button.addEventListener("pointerleave", () => light(null));
    button.addEventListener("focus", () => {
      if (button.matches(":focus-visible") && !state.off.has(k)) light(k);
    });
    button.addEventListener("blur", () => light(null));
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
"""
