// Points: what does not change when a slider moves.

import { readable } from "./texts.js";

const KEPT = 4;

export const shared = (globalThis[Symbol.for("taglab.tag_map")] ??= { points: new Map(), maps: new Set() });

export function keepPoints({ points, table, tags }) {
  if (!shared.points.has(points)) {
    shared.points.set(points, readPoints(table, tags));
    const shown = new Set(Array.from(shared.maps, (map) => map.data?.points));
    for (const old of shared.points.keys()) if (shared.points.size > KEPT && old !== points && !shown.has(old)) shared.points.delete(old);
  }
  for (const map of shared.maps) if (map.data?.points === points) map.show(map.data);
}

// A point whose place is not a number has none: it is neither drawn nor within reach.
function readPoints(table, key) {
  const x = Float32Array.from(table.getChild("x").toArray());
  const y = Float32Array.from(table.getChild("y").toArray());
  const count = table.getChild("count").toArray();
  const tags = table.getChild("tag");
  const notes = table.getChild("note");
  const [left, right, low, high] = [...extent(x), ...extent(y)];
  const points = { key, n: x.length, x, y, count, tag: (row) => readable(tags.get(row)), note: (row) => readable(notes?.get(row) ?? ""), left, right, low, high };
  const cells = cellsOf(points);
  return { ...points, cells, placed: cells.start.at(-1), isPlaced: (row) => !Number.isNaN(x[row]) };
}

export function extent(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

// Rows by square cell, so that those at a place are there without a look at all.
function cellsOf({ n, x, y, left, right, low, high }) {
  const side = Math.max(right - left, high - low, 1e-6) / Math.max(1, Math.sqrt(n / 3));
  const columns = Math.floor((right - left) / side) + 1;
  const rows = Math.floor((high - low) / side) + 1;
  const cell = (i) => Math.floor((y[i] - low) / side) * columns + Math.floor((x[i] - left) / side);
  const start = new Int32Array(columns * rows + 1);
  for (let i = 0; i < n; i++) if (!Number.isNaN(x[i])) start[cell(i) + 1]++;
  for (let c = 0; c < columns * rows; c++) start[c + 1] += start[c];
  const next = start.slice();
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) if (!Number.isNaN(x[i])) order[next[cell(i)]++] = i;
  return { side, columns, rows, start, order };
}

// The cells that a box of the map's own coordinates touches: first and last row, first and last column.
export function cellsIn({ cells, left, low }, [x0, x1, y0, y1]) {
  const bound = (value, most) => Math.min(Math.max(Math.floor(value / cells.side), 0), most - 1);
  return [bound(y0 - low, cells.rows), bound(y1 - low, cells.rows), bound(x0 - left, cells.columns), bound(x1 - left, cells.columns)];
}

// How many points are in those cells, and how many of these have any.
export function crowdIn(points, box) {
  const { start, columns } = points.cells;
  const [first, last, from, to] = cellsIn(points, box);
  let [dots, taken] = [0, 0];
  for (let row = first; row <= last; row++) {
    dots += start[row * columns + to + 1] - start[row * columns + from];
    for (let at = row * columns + from; at <= row * columns + to; at++) if (start[at + 1] > start[at]) taken++;
  }
  return { dots, taken };
}

// The rows in those cells, rising; null where they are most of all, so that looking them up gains nothing.
export function rowsIn(points, box) {
  const { start, order, columns } = points.cells;
  const [first, last, from, to] = cellsIn(points, box);
  const { dots } = crowdIn(points, box);
  if (dots > points.n / 3) return null;
  const rows = new Int32Array(dots);
  let at = 0;
  for (let row = first; row <= last; row++) {
    const some = order.subarray(start[row * columns + from], start[row * columns + to + 1]);
    rows.set(some, at);
    at += some.length;
  }
  return rows.sort();
}
