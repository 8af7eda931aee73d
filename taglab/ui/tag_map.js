// The tag map. Points come once and are kept; each rerun brings only what colours them. They are painted on
// the processor into one image, which takes some ten milliseconds for ten thousand points where drawing
// paths takes half a second without a graphics card. Text from data only ever meets fillText, textContent
// or a text node.

const KEPT = 4;
const PICK_PX = 9;
const CLICK_PX = 4;
const TAG_LABELS_BELOW = 450;
const MOST_RINGS = 400;
const LONGEST_PATTERN = 31;
const GREY = [140, 143, 148];
const SVG = "http://www.w3.org/2000/svg";
// Control characters and the marks that turn the direction of the text after them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const shared = (globalThis[Symbol.for("taglab.tag_map")] ??= { points: new Map(), maps: new Set() });
const mapOf = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (data.role === "points") {
    keepPoints(data);
    return undefined;
  }
  if (!mapOf.has(parentElement)) mapOf.set(parentElement, new TagMap(parentElement.querySelector(".map")));
  const map = mapOf.get(parentElement);
  map.send = (rows) => setTriggerValue("selected", { points: map.data.points, rows });
  map.show(data);
  return () => {
    map.leave();
    mapOf.delete(parentElement);
  };
}

// ---- Points: what does not change when a slider moves ----

function keepPoints({ points, table }) {
  if (!shared.points.has(points)) {
    shared.points.set(points, readPoints(table));
    for (const old of shared.points.keys()) if (shared.points.size > KEPT) shared.points.delete(old);
  }
  for (const map of shared.maps) if (map.data?.points === points) map.show(map.data);
}

function readPoints(table) {
  const x = Float32Array.from(table.getChild("x").toArray());
  const y = Float32Array.from(table.getChild("y").toArray());
  const count = table.getChild("count").toArray();
  const tags = table.getChild("tag");
  const notes = table.getChild("note");
  const [left, right, low, high] = [...extent(x), ...extent(y)];
  const points = { n: x.length, x, y, count, tag: (row) => readable(tags.get(row)), note: (row) => readable(notes?.get(row) ?? ""), left, right, low, high };
  return { ...points, cells: cellsOf(points) };
}

function extent(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}

// Rows by square cell, so that the point under the mouse is found without looking at all.
function cellsOf({ n, x, y, left, right, low, high }) {
  const side = Math.max(right - left, high - low, 1e-6) / Math.max(1, Math.sqrt(n / 3));
  const columns = Math.floor((right - left) / side) + 1;
  const rows = Math.floor((high - low) / side) + 1;
  const cell = (i) => Math.floor((y[i] - low) / side) * columns + Math.floor((x[i] - left) / side);
  const start = new Int32Array(columns * rows + 1);
  for (let i = 0; i < n; i++) start[cell(i) + 1]++;
  for (let c = 0; c < columns * rows; c++) start[c + 1] += start[c];
  const next = start.slice();
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[next[cell(i)]++] = i;
  return { side, columns, rows, start, order };
}

// ---- Colours ----

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const css = ([r, g, b], alpha = 1) => `rgba(${r},${g},${b},${alpha})`;

function parseColour(text) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = text;
  const set = context.fillStyle;
  return set.startsWith("#") ? rgb(set) : set.match(/[\d.]+/g).slice(0, 3).map(Number);
}

function scaleAt(stops, share) {
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const at = Math.min(Math.floor(place), stops.length - 2);
  return stops[at].map((from, band) => Math.round(from + (stops[at + 1][band] - from) * (place - at)));
}

function shareOf(value, { low, high, log }) {
  if (log) [value, low, high] = [value, low, high].map((v) => Math.log(Math.max(v, 1)));
  return high > low ? (value - low) / (high - low) : 0.5;
}

// ---- Numbers for people ----

function written(value) {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value.toFixed(2).replace("-", "\u2212");
}

const readable = (text) => text.replace(UNSEEN, "\ufffd");
const clipped = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}\u2026` : text);

class TagMap {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".stage");
    this.part = (name) => root.querySelector(`.${name}`);
    this.base = this.part("points");
    this.over = this.part("labels");
    this.pointer = this.part("pointer");
    this.field = this.part("search").querySelector("input");
    this.tool = "pan";
    this.before = [];
    this.hover = -1;
    this.lit = -1;
    this.hits = [];
    this.widths = new Map();
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.stage);
    shared.maps.add(this);
  }

  leave() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    shared.maps.delete(this);
  }

  show(data) {
    this.data = data;
    const points = shared.points.get(data.points);
    this.pointer.setAttribute("aria-label", data.label);
    this.field.placeholder = `Find ${data.kind}`;
    this.field.setAttribute("aria-label", `Find ${data.kind} on the map`);
    if (!points) return this.say("Loading the map\u2026");
    const style = getComputedStyle(this.root);
    this.ink = style.getPropertyValue("--st-text-color") || "#222";
    this.paper = parseColour(style.getPropertyValue("--st-background-color") || "#fff");
    this.font = style.getPropertyValue("--st-font") || "sans-serif";
    if (points !== this.points) this.take(points);
    this.readClasses();
    this.listClasses();
    this.facts = data.facts ? data.facts.schema.fields.map(({ name }) => [name, data.facts.getChild(name).toArray()]) : [];
    this.colours = this.colourAll();
    this.kept = data.kept?.getChild("kept").toArray() ?? null;
    this.searchedFor = null;
    this.select(data.selected ? data.selected.getChild("row").toArray() : [], false);
    this.search();
    this.resize();
  }

  take(points) {
    this.points = points;
    this.view = null;
    this.hover = -1;
    this.part("tip").hidden = true;
  }

  readClasses() {
    const { classes } = this.data;
    this.cluster = classes ? this.data.cluster.getChild("cluster").toArray() : null;
    this.classes = [];
    this.classOrder = [];
    if (!classes) return;
    const column = (name) => classes.getChild(name);
    const [name, colour, x, y, size] = ["name", "colour", "x", "y", "size"].map(column);
    for (let i = 0; i < classes.numRows; i++)
      this.classes.push({ name: readable(name.get(i)), colour: rgb(colour.get(i)), x: x.get(i), y: y.get(i), size: size.get(i), chosen: 0 });
    this.classOrder = this.classes.map((_, i) => i).sort((a, b) => this.classes[b].size - this.classes[a].size);
  }

  // The classes in a column beside the map; it stays what it is as long as the classes do.
  listClasses() {
    const legend = this.part("legend");
    const listed = this.data.scale ? [] : this.classOrder.filter((i) => this.classes[i].size && this.classes[i].name);
    const says = JSON.stringify(listed.map((i) => [i, this.classes[i].name, this.classes[i].colour, this.classes[i].size]));
    this.lit = -1;
    if (legend.dataset.says === says) return;
    legend.dataset.says = says;
    legend.hidden = !listed.length;
    if (listed.length) legend.setAttribute("aria-label", `Legend: each ${this.data.class_word.toLowerCase()} with its number of ${this.data.kind}, largest first`);
    legend.replaceChildren(...listed.map((i, at) => this.entry(i, at)));
  }

  entry(i, at) {
    const { name, colour, size } = this.classes[i];
    const button = Object.assign(document.createElement("button"), { title: `${written(size)} ${this.data.kind}`, tabIndex: at ? -1 : 0 });
    button.dataset.class = i;
    const swatch = document.createElement("i");
    swatch.style.background = css(colour);
    const text = Object.assign(document.createElement("bdi"), { textContent: clipped(name, 60) });
    const number = Object.assign(document.createElement("span"), { textContent: written(size) });
    button.append(swatch, text, number);
    return button;
  }

  // Shows one class alone, without selecting it; -1 for none.
  light(at) {
    if (at === this.lit) return;
    this.lit = at;
    for (const button of this.part("legend").children) button.classList.toggle("lit", Number(button.dataset.class) === at);
    this.redraw();
  }

  colourAll() {
    const { n, count } = this.points;
    const { scale } = this.data;
    const colours = new Uint8Array(3 * n);
    let colour = () => parseColour(this.data.plain);
    if (scale) {
      const values = scale.of === "count" ? count : this.facts.find(([name]) => name === scale.of)[1];
      const stops = scale.colours.map(rgb);
      const table = Array.from({ length: 256 }, (_, at) => scaleAt(stops, at / 255));
      colour = (i) => table[Math.round(255 * Math.min(Math.max(shareOf(Number(values[i]), scale), 0), 1))] ?? GREY;
    } else if (this.cluster) colour = (i) => this.classes[this.cluster[i]].colour;
    for (let i = 0; i < n; i++) colours.set(colour(i), 3 * i);
    return colours;
  }

  // ---- Size and view ----

  resize() {
    this.width = this.stage.clientWidth;
    this.height = this.stage.clientHeight;
    if (!this.points || !this.width) return;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const canvas of [this.base, this.over, this.pointer]) {
      const [width, height] = [this.width, this.height].map((side) => Math.round(side * this.ratio));
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
    }
    if (!this.view || this.view.whole) this.fit();
    this.redraw();
  }

  fit() {
    const { left, right, low, high } = this.points;
    const across = Math.max(right - left, 1e-6);
    const up = Math.max(high - low, 1e-6);
    // Room above for the tools and below for the status line and the colour bar.
    const scale = Math.min((this.width - 50) / across, (this.height - 100) / up);
    this.view = { x: (left + right) / 2, y: (low + high) / 2, scale, whole: true };
    this.fitted = scale;
  }

  toX(x) {
    return this.width / 2 + (x - this.view.x) * this.view.scale;
  }

  toY(y) {
    return this.height / 2 - (y - this.view.y) * this.view.scale;
  }

  zoom(factor, atX = this.width / 2, atY = this.height / 2) {
    const { view } = this;
    const scale = Math.min(Math.max(view.scale * factor, this.fitted / 4), this.fitted * 5000);
    const still = (1 / view.scale - 1 / scale);
    this.view = {
      x: view.x + (atX - this.width / 2) * still,
      y: view.y - (atY - this.height / 2) * still,
      scale,
    };
    this.redraw();
  }

  move(dx, dy) {
    this.view = { x: this.view.x - dx / this.view.scale, y: this.view.y + dy / this.view.scale, scale: this.view.scale };
    this.redraw();
  }

  radius() {
    const base = Math.min(5, Math.max(0.9, 26 / Math.pow(this.points.n, 0.25)));
    return Math.min(base * Math.pow(this.view.scale / this.fitted, 0.22), 9);
  }

  // ---- Drawing ----

  redraw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
      this.write();
      this.trace();
      this.root.dataset.shows = this.data.shows;
    });
  }

  paint() {
    const { width, height } = this.base;
    const context = this.base.getContext("2d");
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const [r, g, b] = this.paper;
    pixels.fill((255 << 24) | (b << 16) | (g << 8) | r);
    const some = this.selected || this.sought || this.lit >= 0 || this.kept;
    if (some) this.stampAll(pixels, width, height, false, this.radius(), 1);
    this.stampAll(pixels, width, height, true, this.radius() * (some ? 1.2 : 1), 0.9);
    context.putImageData(image, 0, 0);
  }

  // Whether a row passes the filters of the page.
  passes(row) {
    return !this.kept || this.kept[row] === 1;
  }

  // Whether a row stands out: it is in the class that is lit up, or else what is sought, or else chosen, or else
  // nothing is.
  standsOut(row) {
    if (!this.passes(row)) return false;
    if (this.lit >= 0) return this.cluster[row] === this.lit;
    if (this.sought) return this.sought[row] === 1;
    return !this.selected || this.chosen[row] === 1;
  }

  // Blends a disc over the picture for each row that stands out (or not); the most used tags come last, on top.
  stampAll(pixels, width, height, outstanding, radius, alpha) {
    const { n, x, y } = this.points;
    const disc = discOf(radius * this.ratio, alpha, width);
    const edge = disc.reach;
    const faint = this.faint();
    const [scale, left, top] = this.toDevice();
    for (let i = n - 1; i >= 0; i--) {
      if (this.standsOut(i) !== outstanding) continue;
      const px = Math.round(left + x[i] * scale);
      const py = Math.round(top - y[i] * scale);
      if (px < edge || py < edge || px >= width - edge || py >= height - edge) continue;
      const at = 3 * i;
      const [r, g, b] = outstanding ? [this.colours[at], this.colours[at + 1], this.colours[at + 2]] : faint;
      blend(pixels, py * width + px, disc, r, g, b);
    }
  }

  // What is not selected: one even grey, so that crowds of it do not darken.
  faint() {
    return GREY.map((band, at) => Math.round(this.paper[at] + 0.38 * (band - this.paper[at])));
  }

  toDevice() {
    const scale = this.view.scale * this.ratio;
    return [scale, (this.width / 2) * this.ratio - this.view.x * scale, (this.height / 2) * this.ratio + this.view.y * scale];
  }

  // Texts and bars over the points, as a list that a canvas and an SVG file both take.
  marks() {
    const marks = this.bar();
    const free = new FreeRoom(this.width, this.height);
    for (const mark of marks) free.take(mark.box);
    const search = this.part("search");
    free.take([this.width - 290, 0, 290, 40]);
    free.take([search.offsetLeft, search.offsetTop, search.offsetWidth, search.offsetHeight]);
    const rows = this.rowsInView();
    const dots = this.roomBetween(rows);
    // Writes where the text hides no dot if it can; else, unless it must not, over some.
    const place = (text, x, y, shifts, size, weight, colour, room, over) => {
      const width = this.measure(text, size, weight);
      for (const hiding of over ? [false, true] : [false])
        for (const [across, down] of shifts(width)) {
          const [left, middle] = [x + across - width / 2, y + down];
          const box = [left - room, middle - size * 0.6 - room, width + 2 * room, size * 1.2 + 2 * room];
          if (box[0] < -room || box[0] + box[2] > this.width + room) continue;
          if (!hiding && !dots.empty([left, middle - size * 0.4, width, size * 0.8])) continue;
          if (!free.take(box)) continue;
          marks.push({ text, x: x + across, y: middle, size, weight, colour, align: "center", box });
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
    for (const i of this.classOrder ?? []) {
      const each = this.classes[i];
      if (this.lit >= 0 ? i !== this.lit : this.sought || (this.selected && !each.chosen)) continue;
      if (Number.isNaN(each.x)) continue; // a group whose name is in the legend only
      const [x, y] = this.selected && this.lit < 0
        ? [this.toX(each.chosenX / each.chosen), this.toY(each.chosenY / each.chosen)]
        : [this.toX(each.x), this.toY(each.y)];
      if (x < 0 || y < 0 || x > this.width || y > this.height) continue;
      const shifts = () => [0, -12, 12, -20, 20].map((down) => [0, down]);
      if (!place(clipped(each.name, 24), x, y, shifts, 13, 600, this.ink, 2, true)) continue;
      this.named.add(each.name);
      marks.at(-1).class = i;
    }
  }

  // Where dots are, so that texts can keep off them; nowhere if they are too many for tags to be named.
  roomBetween(rows) {
    const dots = new FreeRoom(this.width, this.height);
    const half = Math.max(this.radius() - 2, 0);
    for (const row of rows ?? [])
      dots.fill([this.toX(this.points.x[row]) - half, this.toY(this.points.y[row]) - half, 2 * half, 2 * half]);
    return dots;
  }

  labelTags(place, rows) {
    if (!rows) return;
    let tried = 0;
    const off = this.radius() + 7;
    const shifts = (width) => [[0, -off], [0, off], [width / 2 + off - 2, 0], [-width / 2 - off + 2, 0]];
    for (const row of rows) {
      if (tried++ > 600) return;
      const tag = this.points.tag(row);
      if (this.named.has(tag)) continue;
      place(clipped(tag, 24), this.toX(this.points.x[row]), this.toY(this.points.y[row]), shifts, 11, 400, this.ink, 3, Boolean(this.selected || this.sought) && this.lit < 0);
    }
  }

  // Rows whose names may stand beside them, most used first; null where they would be too many to read.
  rowsInView() {
    const rows = [];
    const most = (TAG_LABELS_BELOW * this.width * this.height) / 600000;
    for (let i = 0; i < this.points.n; i++) {
      if (!this.standsOut(i)) continue;
      const [x, y] = [this.toX(this.points.x[i]), this.toY(this.points.y[i])];
      if (x < 0 || y < 0 || x > this.width || y > this.height) continue;
      rows.push(i);
      if (rows.length > most) return null;
    }
    return rows;
  }

  measure(text, size, weight) {
    const key = `${size} ${weight} ${text}`;
    if (!this.widths.has(key)) {
      const context = this.over.getContext("2d");
      context.font = `${weight} ${size}px ${this.font}`;
      if (this.widths.size > 20000) this.widths.clear();
      this.widths.set(key, context.measureText(text).width);
    }
    return this.widths.get(key);
  }

  bar() {
    const { scale } = this.data;
    if (!scale) return [];
    const [width, height, steps] = [Math.min(180, this.width / 3), 9, 45];
    const [left, top] = [this.width - width - 16, this.height - 34];
    const stops = scale.colours.map(rgb);
    const marks = Array.from({ length: steps }, (_, at) => ({
      box: [left + (at * width) / steps, top, width / steps + 0.5, height],
      fill: css(scaleAt(stops, at / (steps - 1))),
    }));
    const text = (words, x, y, align) => marks.push({ text: words, x, y, size: 11, weight: 400, colour: this.ink, align, box: [left - 8, top - 20, width + 16, 50] });
    text(scale.title, left + width / 2, top - 9, "center");
    text(written(scale.low), left, top + height + 8, "left");
    text(written(scale.high), left + width, top + height + 8, "right");
    return marks;
  }

  write() {
    const context = this.over.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.over.width, this.over.height);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.shown = this.marks();
    drawMarks(context, this.shown, css(this.paper, 0.85), this.font);
  }

  // The lasso, the box and the ring round the tag under the mouse.
  trace() {
    const context = this.pointer.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.pointer.width, this.pointer.height);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.strokeStyle = this.ink;
    if (this.path?.length > 1) {
      context.beginPath();
      for (const [x, y] of this.path) context.lineTo(x, y);
      context.closePath();
      context.setLineDash([4, 3]);
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 0.08;
      context.fillStyle = this.ink;
      context.fill();
      context.globalAlpha = 1;
    }
    for (const row of this.hits.slice(0, MOST_RINGS)) this.ring(context, row, 2, 1);
    if (this.hover >= 0) this.ring(context, this.hover, 3, 2);
  }

  ring(context, row, off, width) {
    context.lineWidth = width;
    context.beginPath();
    context.arc(this.toX(this.points.x[row]), this.toY(this.points.y[row]), this.radius() + off, 0, 7);
    context.stroke();
  }

  // ---- Search ----

  // Called whenever points may be others by now; nothing typed leaves everything as it is.
  search() {
    const wanted = folded(this.field.value.trim());
    if (wanted === this.searchedFor && this.points === this.searchedIn) return;
    [this.searchedFor, this.searchedIn] = [wanted, this.points];
    this.hits = wanted && this.points ? hitsOf(this.points, wanted).filter((row) => this.passes(row)) : [];
    this.hit = -1;
    this.sought = null;
    if (this.hits.length) {
      this.sought = new Uint8Array(this.points.n);
      for (const row of this.hits) this.sought[row] = 1;
    }
    this.tellHits(wanted);
    if (this.points && this.view) this.redraw();
  }

  tellHits(wanted) {
    const { length } = this.hits;
    const place = this.hit < 0 ? "" : `${written(this.hit + 1)} of `;
    this.part("search").querySelector("output").textContent = wanted ? place + (length ? written(length) : "none") : "";
    this.part("search").querySelector("button").hidden = !length;
  }

  goToHit(turn) {
    const { length } = this.hits;
    if (!length) return;
    this.hit = this.hit < 0 && turn < 0 ? length - 1 : (this.hit + turn + length) % length;
    this.bringIntoView(this.hits[this.hit]);
    this.point(this.hits[this.hit], true);
    this.tellHits(true);
  }

  searchKey(event) {
    if (event.key === "Enter") this.goToHit(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") this.endSearch();
    else return;
    event.preventDefault();
  }

  endSearch() {
    this.field.value = "";
    this.search();
    this.pointer.focus();
  }

  // ---- Selection ----

  select(rows, tell = true) {
    const { n } = this.points;
    this.chosen = new Uint8Array(n);
    for (const row of rows) if (row < n) this.chosen[row] = 1;
    this.selected = rows.length;
    this.countChosen(rows);
    this.say(this.selected ? `${written(this.selected)} of ${written(n)} ${this.data.kind} selected` : "");
    this.redraw();
    if (tell) this.send(Array.from(rows));
  }

  selection() {
    return rowsMarked(this.chosen);
  }

  // How many of each class are selected, and the middle of those.
  countChosen(rows) {
    const { n, x, y } = this.points;
    for (const each of this.classes) [each.chosen, each.chosenX, each.chosenY] = [0, 0, 0];
    if (!this.cluster) return;
    for (const row of rows) {
      if (row >= n) continue;
      const each = this.classes[this.cluster[row]];
      each.chosen++;
      each.chosenX += x[row];
      each.chosenY += y[row];
    }
  }

  choose(rows, add) {
    if (!add) return this.select(rows);
    const all = this.chosen.slice();
    for (const row of rows) all[row] = rows.length === 1 ? 1 - all[row] : 1;
    return this.select(rowsMarked(all));
  }

  rowsInside(path) {
    const [left, right] = extent(path.map(([x]) => x));
    const [top, bottom] = extent(path.map(([, y]) => y));
    const rows = [];
    for (let i = 0; i < this.points.n; i++) {
      if (!this.passes(i)) continue;
      const [x, y] = [this.toX(this.points.x[i]), this.toY(this.points.y[i])];
      if (x >= left && x <= right && y >= top && y <= bottom && inside(path, x, y)) rows.push(i);
    }
    return rows;
  }

  say(text) {
    const status = this.part("status");
    status.textContent = text;
    status.hidden = !text;
  }

  // ---- Hover ----

  pick(px, py) {
    const { cells, x, y, left, low } = this.points;
    const reach = Math.max(PICK_PX, this.radius() + 2) / this.view.scale;
    const dataX = this.view.x + (px - this.width / 2) / this.view.scale;
    const dataY = this.view.y - (py - this.height / 2) / this.view.scale;
    const bound = (value, most) => Math.min(Math.max(Math.floor(value / cells.side), 0), most - 1);
    let best = -1;
    let nearest = reach * reach;
    for (let row = bound(dataY - reach - low, cells.rows); row <= bound(dataY + reach - low, cells.rows); row++) {
      const from = row * cells.columns + bound(dataX - reach - left, cells.columns);
      const to = row * cells.columns + bound(dataX + reach - left, cells.columns);
      for (let at = cells.start[from]; at < cells.start[to + 1]; at++) {
        const i = cells.order[at];
        if (!this.passes(i)) continue;
        const distance = (x[i] - dataX) ** 2 + (y[i] - dataY) ** 2;
        if (distance < nearest || (distance === nearest && i < best)) [best, nearest] = [i, distance];
      }
    }
    return best;
  }

  point(row, speak = false) {
    if (row !== this.hover) {
      this.hover = row;
      this.trace();
      this.tell();
    }
    if (speak && row >= 0) this.part("said").textContent = this.part("tip").textContent;
  }

  tell() {
    const tip = this.part("tip");
    tip.hidden = this.hover < 0;
    if (tip.hidden) return;
    const line = (text, name = "") => Object.assign(document.createElement("div"), { textContent: text, className: name });
    const lines = [line(this.points.tag(this.hover), "tag")];
    const note = this.points.note(this.hover);
    if (note) lines.push(line(note));
    if (this.cluster) {
      const each = this.classes[this.cluster[this.hover]];
      lines.push(line(`${this.data.class_word}: ${each.name} (${written(each.size)} ${this.data.kind})`));
    }
    if (this.data.kind !== "tracks") lines.push(line(`${written(Number(this.points.count[this.hover]))} tracks`));
    for (const [name, values] of this.facts) {
      const value = values[this.hover];
      lines.push(line(`${name} ${Number.isNaN(value) ? "not known" : written(value)}`));
    }
    tip.replaceChildren(...lines);
    const [x, y] = [this.toX(this.points.x[this.hover]), this.toY(this.points.y[this.hover])];
    tip.style.left = `${Math.max(4, Math.min(x + 12, this.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.max(4, y + 14 + tip.offsetHeight > this.height ? y - tip.offsetHeight - 12 : y + 14)}px`;
  }

  // ---- Hands ----

  listen() {
    const on = (type, act, options) => this.pointer.addEventListener(type, (event) => this.points && this.view && act(event), options);
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.drag(event));
    on("pointerup", (event) => this.release(event));
    on("pointercancel", () => this.drop());
    on("pointerleave", () => {
      this.point(-1);
      this.light(-1);
    });
    on("mousedown", (event) => event.detail === 1 && (this.before = this.selection()));
    on("dblclick", () => this.showAll());
    on("keydown", (event) => this.key(event));
    on("wheel", (event) => this.wheel(event), { passive: false });
    this.field.addEventListener("focus", () => this.points && foldedTags(this.points));
    this.field.addEventListener("input", () => this.search());
    this.field.addEventListener("keydown", (event) => this.searchKey(event));
    const legend = this.part("legend");
    const classOf = (event) => Number(event.target.closest("button")?.dataset.class ?? -1);
    legend.addEventListener("pointerover", (event) => this.light(classOf(event)));
    legend.addEventListener("pointerleave", () => this.light(-1));
    legend.addEventListener("focusin", (event) => this.light(classOf(event)));
    legend.addEventListener("focusout", () => this.light(-1));
    legend.addEventListener("click", (event) => classOf(event) >= 0 && this.choose(this.rowsOf(classOf(event)), event.shiftKey));
    legend.addEventListener("keydown", (event) => this.walk(event));
    for (const part of ["tools", "search"])
      this.part(part).addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button?.dataset.tool) this.take_up(button.dataset.tool);
        else if (button && this.points) this.act(button.dataset.act);
      });
  }

  take_up(tool) {
    this.tool = tool;
    this.pointer.className = `pointer ${tool}`;
    for (const button of this.root.querySelectorAll("[data-tool]"))
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  }

  press(event) {
    if (event.button) return;
    this.pointer.focus();
    this.pointer.setPointerCapture(event.pointerId);
    const mode = this.tool === "pan" && event.shiftKey ? "lasso" : this.tool;
    this.held = { mode, x: event.offsetX, y: event.offsetY, fromX: event.offsetX, fromY: event.offsetY, far: false };
  }

  drag(event) {
    const { held } = this;
    const [x, y] = [event.offsetX, event.offsetY];
    if (!held) {
      const name = this.nameAt(x, y);
      this.pointer.style.cursor = name ? "pointer" : "";
      this.light(name ? name.class : -1);
      return this.point(this.pick(x, y));
    }
    held.far ||= Math.hypot(x - held.fromX, y - held.fromY) > CLICK_PX;
    if (!held.far) return undefined;
    this.point(-1);
    if (held.mode === "pan") this.move(x - held.x, y - held.y);
    else if (held.mode === "box") this.path = [[held.fromX, held.fromY], [x, held.fromY], [x, y], [held.fromX, y]];
    else (this.path ??= [[held.fromX, held.fromY]]).push([x, y]);
    [held.x, held.y] = [x, y];
    return this.trace();
  }

  release(event) {
    const { held, path } = this;
    this.drop();
    if (!held) return;
    if (path) this.choose(this.rowsInside(path), event.shiftKey);
    else if (!held.far) this.click(event);
  }

  // The clicks of a double click have chosen something on their way: that is taken back.
  showAll() {
    const now = this.selection();
    if (now.length !== this.before.length || now.some((row, i) => row !== this.before[i])) this.select(this.before);
    this.act("fit");
  }

  drop() {
    this.held = null;
    this.path = null;
    if (this.points) this.trace();
  }

  click(event) {
    const name = this.nameAt(event.offsetX, event.offsetY);
    if (name) return this.choose(this.rowsOf(name.class), event.shiftKey);
    const row = this.pick(event.offsetX, event.offsetY);
    if (row >= 0) this.choose([row], event.shiftKey);
    else if (this.selected && !event.shiftKey) this.select([]);
    return undefined;
  }

  // The name of a class that stands here, if any.
  nameAt(px, py) {
    return this.shown?.find(({ box: [x, y, width, height], class: at }) => at !== undefined && px >= x && px <= x + width && py >= y && py <= y + height);
  }

  rowsOf(at) {
    const rows = [];
    for (let i = 0; i < this.points.n; i++) if (this.cluster[i] === at && this.passes(i)) rows.push(i);
    return rows;
  }

  wheel(event) {
    // Scrolling past the map must scroll the page: the wheel zooms once the map was clicked.
    if (this.root.getRootNode().activeElement !== this.pointer && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-Math.max(-60, Math.min(event.deltaY, 60)) * 0.005), event.offsetX, event.offsetY);
  }

  key(event) {
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    const act = { "+": "in", "=": "in", "-": "out", 0: "fit", Escape: "clear" }[event.key];
    const turn = { PageDown: 1, PageUp: -1 }[event.key];
    if (step) this.move(...step);
    else if (act) this.act(act);
    else if (turn) this.step(turn);
    else if (event.key === "/") this.field.focus();
    else if (event.key === "Enter" && this.hover >= 0) this.choose([this.hover], event.shiftKey);
    else return;
    event.preventDefault();
  }

  // Arrow keys go from one entry of the legend to the next.
  walk(event) {
    const turn = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = turn && event.target.closest("button")?.[turn];
    if (!turn) return;
    event.preventDefault();
    if (!next) return;
    event.target.closest("button").tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  step(turn) {
    const { n } = this.points;
    let next = this.hover < 0 ? (turn > 0 ? 0 : n - 1) : (this.hover + turn + n) % n;
    for (let tried = 1; !this.passes(next); next = (next + turn + n) % n) if (tried++ === n) return;
    this.bringIntoView(next);
    this.point(next, true);
  }

  bringIntoView(row) {
    const [x, y] = [this.toX(this.points.x[row]), this.toY(this.points.y[row])];
    if (x < 0 || y < 0 || x > this.width || y > this.height) this.move(this.width / 2 - x, this.height / 2 - y);
  }

  act(name) {
    if (name === "in" || name === "out") this.zoom(name === "in" ? 1.5 : 1 / 1.5);
    else if (name === "clear") this.select([]);
    else if (name === "hits") this.select(this.hits.slice().sort((a, b) => a - b));
    else if (name === "png") this.savePng();
    else if (name === "svg") this.saveSvg();
    else {
      this.fit();
      this.redraw();
    }
  }

  // ---- Files ----

  savePng() {
    const canvas = Object.assign(document.createElement("canvas"), { width: this.base.width, height: this.base.height });
    const context = canvas.getContext("2d");
    context.drawImage(this.base, 0, 0);
    context.drawImage(this.over, 0, 0);
    canvas.toBlob((blob) => save(blob, `${this.data.file}.png`));
  }

  saveSvg() {
    const { n, x, y } = this.points;
    const node = (parent, name, attributes) => {
      const made = parent.appendChild(document.createElementNS(SVG, name));
      for (const key in attributes) made.setAttribute(key, attributes[key]);
      return made;
    };
    const svg = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({ width: this.width, height: this.height, viewBox: `0 0 ${this.width} ${this.height}` })) svg.setAttribute(key, value);
    node(svg, "title", {}).textContent = this.data.label;
    node(svg, "rect", { width: "100%", height: "100%", fill: css(this.paper) });
    for (let i = n - 1; i >= 0; i--) {
      const lit = this.standsOut(i);
      const fill = css(lit ? this.colours.slice(3 * i, 3 * i + 3) : this.faint());
      node(svg, "circle", { cx: this.toX(x[i]).toFixed(2), cy: this.toY(y[i]).toFixed(2), r: this.radius().toFixed(2), fill, "fill-opacity": lit ? 0.9 : 1 });
    }
    for (const mark of this.shown) {
      if (mark.text === undefined) node(svg, "rect", { x: mark.box[0], y: mark.box[1], width: mark.box[2], height: mark.box[3], fill: mark.fill });
      else
        node(svg, "text", { x: mark.x, y: mark.y, "font-size": mark.size, "font-weight": mark.weight, "font-family": "sans-serif", "text-anchor": { center: "middle", left: "start", right: "end" }[mark.align], "dominant-baseline": "central", fill: mark.colour, stroke: css(this.paper), "stroke-width": 3, "paint-order": "stroke" }).textContent = mark.text;
    }
    save(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }), `${this.data.file}.svg`);
  }
}

// ---- Pieces without state ----

// How texts are compared: without capitals and accents.
const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// Takes a third of a second for half a million: done once, when a search is about to begin.
const foldedTags = (points) => (points.folded ??= Array.from({ length: points.n }, (_, row) => folded(points.tag(row))));

// The rows whose tags are what is wanted, begin with it, have a word that does, or hold it, in this order and
// within it the most used first; where there is none, those that hold it but for a letter or two.
function hitsOf(points, wanted) {
  const tags = foldedTags(points);
  const ranked = [[], [], [], []];
  tags.forEach((tag, row) => {
    const at = tag.indexOf(wanted);
    if (at < 0) return;
    const rank = at ? (/[\p{L}\p{N}]/u.test(tag[at - 1]) ? 3 : 2) : Number(tag.length > wanted.length);
    ranked[rank].push(row);
  });
  const hits = ranked.flat();
  if (hits.length || wanted.length < 4) return hits;
  const near = nearly(wanted.slice(0, LONGEST_PATTERN), wanted.length >= 8);
  return tags.flatMap((tag, row) => (near(tag) ? row : []));
}

// Whether a text holds a pattern with one letter or two wrong, missing or too many: a bit for each letter of the
// pattern, as Wu and Manber have it, in one number for each count of errors.
function nearly(pattern, two) {
  const places = new Int32Array(65536);
  for (let i = 0; i < pattern.length; i++) places[pattern.charCodeAt(i)] |= 1 << i;
  const whole = 1 << (pattern.length - 1);
  return (text) => {
    let [none, one, both] = [0, 1, 3];
    for (let i = 0; i < text.length; i++) {
      const here = places[text.charCodeAt(i)];
      const [noneBefore, oneBefore] = [none, one];
      none = ((none << 1) | 1) & here;
      one = (((one << 1) | 1) & here) | noneBefore | ((noneBefore | none) << 1) | 1;
      both = (((both << 1) | 1) & here) | oneBefore | ((oneBefore | one) << 1) | 1;
      if ((two ? both : one) & whole) return true;
    }
    return false;
  };
}

// Which pixels a disc covers, as offsets from its middle, and how much of each (0 to 256).
function discOf(radius, alpha, width) {
  const reach = Math.ceil(radius);
  const offset = [];
  const cover = [];
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++) {
      const share = Math.min(Math.max(radius + 0.5 - Math.hypot(dx, dy), 0), 1) * alpha;
      if (share > 0) {
        offset.push(dy * width + dx);
        cover.push(Math.round(256 * share));
      }
    }
  return { reach, offset: Int32Array.from(offset), cover: Int32Array.from(cover) };
}

function blend(pixels, middle, disc, r, g, b) {
  const { offset, cover } = disc;
  for (let j = 0; j < offset.length; j++) {
    const at = middle + offset[j];
    const old = pixels[at];
    const share = cover[j];
    const red = (old & 255) + (((r - (old & 255)) * share) >> 8);
    const green = ((old >> 8) & 255) + (((g - ((old >> 8) & 255)) * share) >> 8);
    const blue = ((old >> 16) & 255) + (((b - ((old >> 16) & 255)) * share) >> 8);
    pixels[at] = (255 << 24) | (blue << 16) | (green << 8) | red;
  }
}

function drawMarks(context, marks, halo, font) {
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

const rowsMarked = (marks) => Array.from(marks.keys()).filter((row) => marks[row]);

function inside(path, x, y) {
  let within = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [path[i], path[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
