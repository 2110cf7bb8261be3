"""What the script of a report begins with: its data, what is chosen, words, numbers, elements."""

from __future__ import annotations

WORDS = r"""
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
// As many decimals as a step of an axis has: 2.5% has one.
const fits = (step) => {
  let digits = 0;
  while (digits < 6 && Math.abs(Math.round(step * 10 ** (2 + digits)) / 10 ** digits - step * 100) >
    step * 1e-3) digits++;
  return percent(digits);
};
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
const brief = (text) => (text.length > 22 ? text.slice(0, 21) + "\u2026" : text);
const tone = (kind, k) => kind + (k % 8) + (k > 7 ? " again" : "");
const swatch = (k, parent) => {
  const svg = draw("svg", { class: "key", width: 26, height: 10, "aria-hidden": "true" }, parent);
  draw("line", { class: tone("s", k), x1: 1, x2: 25, y1: 5, y2: 5 }, svg);
};
"""
