// Texts and bars over the points, as a list of marks that a canvas and an SVG file both take.

import { css, rgb, scaleAt } from "./colours.js";
import { clipped, written } from "./texts.js";

const TAG_LABELS_BELOW = 450;
const MOST_TRIED = 600;

export class Labels {
  constructor(map) {
    this.map = map;
    this.widths = new Map();
  }

  marks() {
    const { map } = this;
    const marks = this.bar();
    const free = new FreeRoom(map.width, map.height);
    for (const mark of marks) free.take(mark.box);
    for (const name of ["tools", "search"]) {
      const part = map.part(name);
      free.fill([part.offsetLeft, part.offsetTop, part.offsetWidth, part.offsetHeight]);
    }
    const rows = this.rowsInView();
    const dots = this.roomBetween(rows);
    // Writes where the text hides no dot if it can; else, unless it must not, over some.
    const place = (text, x, y, shifts, size, weight, room, over) => {
      const width = this.measure(text, size, weight);
      for (const hiding of over ? [false, true] : [false])
        for (const [across, down] of shifts(width)) {
          const [left, middle] = [x + across - width / 2, y + down];
          const box = [left - room, middle - size * 0.6 - room, width + 2 * room, size * 1.2 + 2 * room];
          if (box[0] < -room || box[0] + box[2] > map.width + room) continue;
          if (!hiding && !dots.empty([left, middle - size * 0.4, width, size * 0.8])) continue;
          if (!free.take(box)) continue;
          marks.push({ text, x: x + across, y: middle, size, weight, colour: map.ink, align: "center", box });
          return true;
        }
      return false;
    };
    this.named = new Set();
    this.labelClasses(place, marks);
    this.labelTags(place, rows);
    return marks;
  }

  labelClasses(place, marks) {
    const { map } = this;
    for (const i of map.classOrder) {
      const each = map.classes[i];
      if (map.off.has(i) || (map.kept && !each.live)) continue;
      if (map.lit >= 0 ? i !== map.lit : map.sought || (map.selected && !each.chosen)) continue;
      if (Number.isNaN(each.x)) continue; // a group whose name is in the legend only
      const [x, y] = map.selected && map.lit < 0
        ? [map.toX(each.chosenX / each.chosen), map.toY(each.chosenY / each.chosen)]
        : [map.toX(each.x), map.toY(each.y)];
      if (x < 0 || y < 0 || x > map.width || y > map.height) continue;
      const shifts = () => [0, -12, 12, -20, 20].map((down) => [0, down]);
      if (!place(clipped(each.name, 24), x, y, shifts, 13, 600, 2, true)) continue;
      this.named.add(each.name);
      marks.at(-1).class = i;
    }
  }

  // Where dots are, so that texts can keep off them; nowhere if they are too many for tags to be named.
  roomBetween(rows) {
    const { map } = this;
    const dots = new FreeRoom(map.width, map.height);
    const half = Math.max(map.radius() - 2, 0);
    for (const row of rows ?? [])
      dots.fill([map.toX(map.points.x[row]) - half, map.toY(map.points.y[row]) - half, 2 * half, 2 * half]);
    return dots;
  }

  labelTags(place, rows) {
    if (!rows) return;
    const { map } = this;
    const off = map.radius() + 7;
    const shifts = (width) => [[0, -off], [0, off], [width / 2 + off - 2, 0], [-width / 2 - off + 2, 0]];
    const over = Boolean(map.selected || map.sought) && map.lit < 0;
    for (const row of rows.slice(0, MOST_TRIED)) {
      const tag = map.points.tag(row);
      if (this.named.has(tag)) continue;
      place(clipped(tag, 24), map.toX(map.points.x[row]), map.toY(map.points.y[row]), shifts, 11, 400, 3, over);
    }
  }

  // Rows whose names may stand beside them, most used first; null where they would be too many to read.
  rowsInView() {
    const { map } = this;
    const { n, x, y } = map.points;
    const [left, right, low, high] = map.box();
    const most = (TAG_LABELS_BELOW * map.width * map.height) / 600000;
    const rows = [];
    for (let i = 0; i < n; i++) {
      if (x[i] < left || x[i] > right || y[i] < low || y[i] > high || !map.standsOut(i)) continue;
      rows.push(i);
      if (rows.length > most) return null;
    }
    return rows;
  }

  measure(text, size, weight) {
    const key = `${size} ${weight} ${text}`;
    if (!this.widths.has(key)) {
      const context = this.map.over.getContext("2d");
      context.font = `${weight} ${size}px ${this.map.font}`;
      if (this.widths.size > 20000) this.widths.clear();
      this.widths.set(key, context.measureText(text).width);
    }
    return this.widths.get(key);
  }

  bar() {
    const { scale, map } = { scale: this.map.scale, map: this.map };
    if (!scale) return [];
    const [width, height, steps] = [Math.min(180, map.width / 3), 9, 45];
    const [left, top] = [map.width - width - 16, map.height - 34];
    const stops = scale.colours.map(rgb);
    const marks = Array.from({ length: steps }, (_, at) => ({
      box: [left + (at * width) / steps, top, width / steps + 0.5, height],
      fill: css(scaleAt(stops, at / (steps - 1))),
    }));
    const text = (words, x, y, align) => marks.push({ text: words, x, y, size: 11, weight: 400, colour: map.ink, align, box: [left - 8, top - 20, width + 16, 50] });
    text(scale.title, left + width / 2, top - 9, "center");
    text(written(scale.low), left, top + height + 8, "left");
    text(written(scale.high), left + width, top + height + 8, "right");
    return marks;
  }
}

export function drawMarks(context, marks, halo, font) {
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = halo;
  for (const mark of marks) {
    if (mark.text === undefined) {
      context.fillStyle = mark.fill;
      context.fillRect(...mark.box);
      continue;
    }
    context.font = `${mark.weight} ${mark.size}px ${font}`;
    context.textAlign = mark.align;
    context.strokeText(mark.text, mark.x, mark.y);
    context.fillStyle = mark.colour;
    context.fillText(mark.text, mark.x, mark.y);
  }
}

// Remembers, in squares of 4 pixels, where something is written already.
class FreeRoom {
  constructor(width, height) {
    this.columns = Math.ceil(width / 4);
    this.rows = Math.ceil(height / 4);
    this.taken = new Uint8Array(this.columns * this.rows);
  }

  squares([left, top, width, height]) {
    const bound = (value, most) => Math.min(Math.max(Math.floor(value / 4), 0), most - 1);
    return [bound(left, this.columns), bound(left + width, this.columns), bound(top, this.rows), bound(top + height, this.rows)];
  }

  empty(box) {
    const [x0, x1, y0, y1] = this.squares(box);
    for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) if (this.taken[y * this.columns + x]) return false;
    return true;
  }

  fill(box) {
    const [x0, x1, y0, y1] = this.squares(box);
    for (let y = y0; y <= y1; y++) this.taken.fill(1, y * this.columns + x0, y * this.columns + x1 + 1);
  }

  take(box) {
    if (!this.empty(box)) return false;
    this.fill(box);
    return true;
  }
}
