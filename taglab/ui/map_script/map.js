// The tag map. Points come once and are kept; each rerun brings only what colours them, and what the browser can
// do with what it holds (colours, classes turned off, how dots are drawn) happens here at once. Text from data
// only ever meets fillText, textContent or a text node.

import { allOf, firstOf, othersOf } from "./beside.js";
import { cardDots } from "./card_dots.js";
import { FAINT, HIDDEN, LIT, colourAll, css, faintOn, packed, parseColour, rgb } from "./colours.js";
import { shading } from "./density.js";
import { savePng, saveSvg } from "./files.js";
import { Hands } from "./hands.js";
import { Labels, drawMarks } from "./labels.js";
import { Legend } from "./legend.js";
import { ColourChoice, LONGEST_LOOK, LookForm, parseLook, writeLook } from "./look.js";
import { Near } from "./near.js";
import { cellsIn, crowdIn, extent, keepPoints, rowsIn, shared } from "./points.js";
import { ProcessorDots } from "./processor_dots.js";
import { Search } from "./search.js";
import { readable, written } from "./texts.js";

const PICK_PX = 9;
const MOST_RINGS = 400;
const FLIGHT_MS = 600;
// A picture that takes longer than this moves as it is while it is dragged, and is drawn anew at rest.
const SLOW_MS = 45;
const REST_MS = 90;
const TELL_MS = 400;
// Dots that lie on one another this deep are mud.
const MUD = 2.5;
const SHADE_PX = 2;

const mapOf = new WeakMap();

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  if (data.role === "points") {
    keepPoints(data);
    return undefined;
  }
  if (!mapOf.has(parentElement)) mapOf.set(parentElement, new TagMap(parentElement.querySelector(".map")));
  const map = mapOf.get(parentElement);
  map.send = (rows) => setTriggerValue("selected", { points: map.data.points, rows });
  map.sendColour = (of) => setTriggerValue("colour", of);
  map.sendLook = (text) => setStateValue("look", text);
  map.show(data);
  return () => {
    map.leave();
    mapOf.delete(parentElement);
  };
}

class TagMap {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".stage");
    this.part = (name) => root.querySelector(`.${name}`);
    this.base = this.part("points");
    this.over = this.part("labels");
    this.pointer = this.part("pointer");
    this.hover = -1;
    this.lit = -1;
    this.off = new Set();
    this.looks = parseLook("");
    this.processor = new ProcessorDots();
    this.version = this.moves = this.spent = 0;
    this.labels = new Labels(this);
    this.legend = new Legend(this);
    this.search = new Search(this);
    this.near = new Near(this);
    this.form = new LookForm(this);
    this.colouring = new ColourChoice(this);
    this.hands = new Hands(this);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.stage);
    shared.maps.add(this);
  }

  leave() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.resting);
    clearTimeout(this.telling);
    this.dropCard();
    shared.maps.delete(this);
  }

  show(data) {
    this.data = data;
    const points = shared.points.get(data.points);
    this.pointer.setAttribute("aria-label", data.label);
    this.search.name(data.kind);
    if (!points) return this.say("Loading the map\u2026");
    const style = getComputedStyle(this.root);
    this.ink = style.getPropertyValue("--st-text-color") || "#222";
    this.paper = parseColour(style.getPropertyValue("--st-background-color") || "#fff");
    this.font = style.getPropertyValue("--st-font") || "sans-serif";
    this.takeLook(data.look ?? "");
    if (points !== this.points) this.take(points);
    this.readClasses();
    this.facts = data.facts ? data.facts.schema.fields.map(({ name }) => [name, data.facts.getChild(name).toArray()]) : [];
    this.kept = data.kept?.getChild("kept").toArray() ?? null;
    this.lit = -1;
    this.enliven();
    this.paintPoints();
    this.select(data.selected ? data.selected.getChild("row").toArray() : [], false);
    this.root.classList.toggle("second", Boolean(data.beside));
    if (data.beside) this.search.field.value = firstOf(this).search.field.value;
    this.search.look(true);
    this.resize();
  }

  // Points that are the same tags at other places set off from where they were.
  take(points) {
    const { points: old, view } = this;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.flight = old && view && points.key && old.key === points.key && !calm && this.width ? { old, view } : null;
    this.points = points;
    this.view = null;
    this.point(-1);
    this.colours = new Uint32Array(points.n);
    this.live = new Uint8Array(points.n);
    this.chosen = new Uint8Array(points.n);
    this.sought = null;
    this.selected = 0;
  }

  readClasses() {
    const { classes } = this.data;
    this.cluster = classes ? this.data.cluster.getChild("cluster").toArray() : null;
    this.classes = [];
    const column = (name) => classes.getChild(name);
    const [name, colour, x, y, size] = classes ? ["name", "colour", "x", "y", "size"].map(column) : [];
    for (let i = 0; i < (classes?.numRows ?? 0); i++)
      this.classes.push({ name: readable(name.get(i)), colour: rgb(colour.get(i)), x: x.get(i), y: y.get(i), size: size.get(i), chosen: 0, live: 0 });
    this.classOrder = this.classes.map((_, i) => i).sort((a, b) => this.classes[b].size - this.classes[a].size);
    const says = JSON.stringify(this.classes.map((each) => [each.name, each.size]));
    // None while clusters are under way: those that come may be the same again.
    if (says === this.classesSay || !classes) return;
    this.classesSay = says;
    // What a link turns off is of as many classes; classes that have become others are all on.
    const { off } = this.looks;
    const fits = off?.of === this.classes.length;
    this.off = new Set(fits ? off.which.filter((i) => i < this.classes.length) : []);
    if (!fits) this.looks = { ...this.looks, off: null };
  }

  // ---- How it looks: what a person sets here ----

  takeLook(text) {
    if (text === this.lookSeen) return;
    this.lookSeen = text;
    if (text === this.lookSent) return;
    this.looks = parseLook(text);
    this.classesSay = undefined;
    this.choosePainter();
  }

  look(looks) {
    for (const map of allOf(this)) map.takeLooks(looks);
    firstOf(this).tellLook();
  }

  takeLooks(looks) {
    const other = looks.by !== this.looks.by;
    this.looks = looks;
    if (other) this.choosePainter();
    this.redraw();
  }

  // Holds back while a person goes on choosing: each word to the server is a rerun.
  tellLook() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      const text = writeLook(this.looks);
      if (text.length > LONGEST_LOOK) return this.say("The link has no room for so many hidden classes");
      for (const map of allOf(this)) map.lookSent = text;
      this.sendLook(text);
    }, TELL_MS);
  }

  choosePainter() {
    this.dropCard();
    const card = cardDots(this.looks.by);
    card?.canvas.addEventListener("webglcontextlost", () => this.card === card && this.redraw());
    this.card = card;
  }

  dropCard() {
    const { card } = this;
    this.card = null;
    card?.leave();
  }

  get painter() {
    return this.card && !this.card.lost ? this.card : this.processor;
  }

  // Turns classes off, all others on.
  turn(off) {
    for (const map of allOf(this)) map.turnHere(off);
    firstOf(this).tellLook();
  }

  turnHere(off) {
    this.off = new Set(off);
    const which = [...this.off].sort((a, b) => a - b);
    this.looks = { ...this.looks, off: which.length ? { of: this.classes.length, which } : null };
    this.enliven();
    this.search.look(true);
    this.restand();
  }

  recolour(of) {
    for (const map of allOf(this)) {
      map.ownColour = { of, server: map.data.scale?.of ?? "class" };
      map.paintPoints();
      map.redraw();
    }
    firstOf(this).sendColour(of);
  }

  // ---- Which points are within reach, and how each is drawn ----

  enliven() {
    const { n, isPlaced } = this.points;
    for (const each of this.classes) each.live = 0;
    for (let i = 0; i < n; i++) {
      const passes = isPlaced(i) && (!this.kept || this.kept[i] === 1);
      const at = this.cluster ? this.cluster[i] : -1;
      if (passes && at >= 0) this.classes[at].live++;
      this.live[i] = Number(passes && !this.off.has(at));
    }
  }

  paintPoints() {
    const scales = this.data.scales ?? [];
    const server = this.data.scale?.of ?? "class";
    if (this.ownColour && this.ownColour.server !== server) this.ownColour = null;
    const of = this.ownColour?.of ?? server;
    this.scale = of === server ? this.data.scale : (scales.find((scale) => scale.of === of) ?? null);
    const choices = [...(this.cluster ? [["class", this.data.class_word]] : []), ...scales.map((scale) => [scale.of, scale.title])];
    if (this.data.scale && !scales.some((scale) => scale.of === server)) choices.push([server, this.data.scale.title]);
    this.colouring.show(scales.length ? choices : [], of);
    const { scale, cluster, classes } = this;
    const values = scale && (scale.of === "count" ? this.points.count : this.facts.find(([name]) => name === scale.of)[1]);
    colourAll(this.colours, { scale, values, cluster, classes, plain: parseColour(this.data.plain) });
    this.version++;
    this.legend.show();
  }

  // Whether a row stands out: it is in the class that is lit up, or else what is sought, or else chosen, or else
  // nothing is.
  standsOut(row) {
    return this.colours[row] >>> 24 === LIT;
  }

  // Writes into the highest byte of every colour how the point is drawn.
  restand() {
    if (!this.points || !this.colours) return;
    const { isPlaced } = this.points;
    const { colours, live, cluster, lit, off, sought, chosen, selected } = this;
    this.levels = [0, 0, 0];
    for (let i = 0; i < colours.length; i++) {
      let level = FAINT;
      if (!isPlaced(i) || (off.size && cluster && off.has(cluster[i]))) level = HIDDEN;
      else if (live[i] && (lit >= 0 ? cluster[i] === lit : sought ? sought[i] : !selected || chosen[i])) level = LIT;
      this.levels[level]++;
      colours[i] = (colours[i] & 0xffffff) | (level << 24);
    }
    this.version++;
    this.legend.mark();
    if (this.hover >= 0 && !live[this.hover]) this.point(-1);
    if (this.view) this.redraw();
  }

  // Shows one class alone, without selecting it; -1 for none.
  light(at) {
    for (const map of allOf(this)) {
      if (at === map.lit) continue;
      map.lit = at;
      map.restand();
    }
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

  // What the window shows, and some pixels more on every side: left, right, low and high.
  box(more = 0) {
    const [across, up] = [this.width, this.height].map((side) => (side / 2 + more) / this.view.scale);
    return [this.view.x - across, this.view.x + across, this.view.y - up, this.view.y + up];
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
    this.redraw(true);
  }

  move(dx, dy) {
    this.view = { x: this.view.x - dx / this.view.scale, y: this.view.y + dy / this.view.scale, scale: this.view.scale };
    this.redraw(true);
  }

  radius() {
    const base = Math.min(5, Math.max(0.9, 26 / Math.pow(this.points.n, 0.25)));
    return Math.min(base * Math.pow(this.view.scale / this.fitted, 0.22), 9) * this.looks.size;
  }

  // How deep the dots drawn at one level lie on one another where there are any: their area over that of the cells
  // that points take.
  depth(level) {
    if (this.crowd?.view !== this.view || this.crowd.width !== this.width) this.crowd = { view: this.view, width: this.width, ...crowdIn(this.points, this.box()) };
    const { dots, taken } = this.crowd;
    const drawn = this.levels[level] / this.points.placed;
    return taken ? (drawn * dots * Math.PI * this.radius() ** 2) / (taken * (this.points.cells.side * this.view.scale) ** 2) : 0;
  }

  // Translucent where dots crowd, unless a person set how much; a dot by itself has all of its contrast.
  opacity() {
    return this.looks.opacity || Math.min(1, Math.max(0.35, 1 - 0.25 * (this.depth(LIT) - 0.2)));
  }

  // ---- Drawing ----

  // Asks for a new picture; `moving`: only the view is another, and soon will be again.
  redraw(moving = false) {
    this.still ||= !moving;
    if (this.frame) return;
    this.frame = requestAnimationFrame((now) => {
      this.frame = 0;
      if (this.flight && this.fly(now)) return;
      const slow = this.spent > SLOW_MS && !this.still;
      this.still = false;
      if (slow) this.shift();
      else this.draw(moving);
    });
  }

  draw(moving) {
    const begun = performance.now();
    this.paint(this.points);
    const painted = performance.now();
    // Names are placed anew at rest, where that takes long.
    if (moving && this.writing > SLOW_MS / 3) this.moved(this.over);
    else this.write();
    this.trace();
    this.drawn = this.view;
    this.spent = painted - begun;
    this.base.style.transform = "";
    if (moving) this.restSoon();
    this.form.show();
    this.root.dataset.shows = this.data.shows;
    this.root.dataset.drawn = Number(this.root.dataset.drawn ?? 0) + 1;
  }

  rest() {
    clearTimeout(this.resting);
    this.redraw();
  }

  restSoon() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.redraw(), REST_MS);
  }

  // Shows the last picture where it would be now.
  shift() {
    for (const canvas of [this.base, this.over]) this.moved(canvas);
    this.trace();
    this.restSoon();
    this.root.dataset.drawn = Number(this.root.dataset.drawn ?? 0) + 1;
  }

  moved(canvas) {
    const from = canvas === this.over ? this.wrote : this.drawn;
    const scale = this.view.scale / from.scale;
    const across = this.toX(from.x) - (this.width / 2) * scale;
    const down = this.toY(from.y) - (this.height / 2) * scale;
    canvas.style.transformOrigin = "0 0";
    canvas.style.transform = `translate(${across}px, ${down}px) scale(${scale})`;
  }

  // One step of the way from one projection to the next; false at the end of it.
  fly(now) {
    const { flight, points, view } = this;
    if (!flight.begun) {
      // Where in the new view each point is that stands where it stood in the old one.
      const back = (middle, from) => (value) => middle + ((value - from) * flight.view.scale) / view.scale;
      const [x, y] = [back(view.x, flight.view.x), back(view.y, flight.view.y)];
      Object.assign(flight, { begun: now, x0: flight.old.x.map(x), y0: flight.old.y.map(y), x: new Float32Array(points.n), y: new Float32Array(points.n) });
      this.over.getContext("2d").clearRect(0, 0, this.over.width, this.over.height);
      this.over.style.transform = this.base.style.transform = "";
      this.shown = [];
      this.root.dataset.flying = "";
      this.trace();
    }
    const share = Math.min((now - flight.begun) / FLIGHT_MS, 1);
    if (share >= 1) {
      this.flight = null;
      delete this.root.dataset.flying;
      return false;
    }
    const eased = share * share * (3 - 2 * share);
    for (let i = 0; i < points.n; i++) {
      flight.x[i] = flight.x0[i] + (points.x[i] - flight.x0[i]) * eased;
      flight.y[i] = flight.y0[i] + (points.y[i] - flight.y0[i]) * eased;
    }
    this.moves++;
    this.paint({ ...points, x: flight.x, y: flight.y, cells: null });
    this.redraw();
    return true;
  }

  paint({ x, y, n, cells }) {
    const context = this.base.getContext("2d");
    const scale = this.view.scale * this.ratio;
    const scene = {
      x, y, n, scale, colours: this.colours, version: this.version, moves: this.moves, paper: this.paper,
      rows: cells && rowsIn(this.points, this.box(24)),
      middle: [this.view.x, this.view.y],
      left: (this.width / 2) * this.ratio - this.view.x * scale,
      top: (this.height / 2) * this.ratio + this.view.y * scale,
    };
    const passes = this.passes(this.ratio);
    const shaded = passes.filter((pass) => pass.shaded);
    this.dense = shaded.length > 0;
    const ground = this.dense ? shading(scene, shaded, this.base.width, this.base.height, SHADE_PX * this.ratio) : null;
    this.painter.paint(context, scene, passes.filter((pass) => !pass.shaded), ground);
  }

  // What is drawn below and above: what is faint in grey, what stands out in colours, either as dots or shaded.
  passes(ratio) {
    const { as } = this.looks;
    const shaded = (level) => as === "density" || (as === "auto" && this.depth(level) > MUD);
    const more = this.levels[FAINT] ? 1.2 : 1;
    return [
      { level: FAINT, radius: this.radius() * ratio, alpha: 1, colour: packed(this.faint()), shaded: shaded(FAINT) },
      { level: LIT, radius: this.radius() * ratio * more, alpha: this.opacity(), colour: null, shaded: shaded(LIT) },
    ].filter(({ level }) => this.levels[level]);
  }

  faint() {
    return faintOn(this.paper);
  }

  write() {
    const begun = performance.now();
    const context = this.over.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.over.width, this.over.height);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.shown = this.labels.marks();
    drawMarks(context, this.shown, css(this.paper, 0.85), this.font);
    this.over.style.transform = "";
    this.wrote = this.view;
    this.writing = performance.now() - begun;
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
    if (this.flight) return;
    for (const row of this.search.hits.slice(0, MOST_RINGS)) this.ring(context, row, 2, 1);
    if (this.hover >= 0) this.ring(context, this.hover, 3, 2);
  }

  ring(context, row, off, width) {
    context.lineWidth = width;
    context.beginPath();
    context.arc(this.toX(this.points.x[row]), this.toY(this.points.y[row]), this.radius() + off, 0, 7);
    context.stroke();
  }

  // ---- Selection ----

  select(rows, tell = true) {
    const { n } = this.points;
    this.chosen.fill(0);
    for (const row of rows) if (row < n) this.chosen[row] = 1;
    this.selected = rows.length;
    this.countChosen(rows);
    this.say(this.selected ? `${written(this.selected)} of ${written(n)} ${this.data.kind} selected` : "");
    this.near.show();
    this.restand();
    if (!tell) return;
    for (const other of othersOf(this)) other.select(rows, false);
    firstOf(this).send(Array.from(rows));
  }

  selection() {
    return rowsMarked(this.chosen);
  }

  // How many of each class are selected, and the middle of those.
  countChosen(rows) {
    const { n, x, y, isPlaced } = this.points;
    for (const each of this.classes) [each.chosen, each.chosenX, each.chosenY] = [0, 0, 0];
    if (!this.cluster) return;
    for (const row of rows) {
      if (row >= n || !isPlaced(row)) continue;
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

  // The name of a class that stands here, if any.
  nameAt(px, py) {
    return this.shown?.find(({ box: [x, y, width, height], class: at }) => at !== undefined && px >= x && px <= x + width && py >= y && py <= y + height);
  }

  rowsOf(at) {
    const rows = [];
    for (let i = 0; i < this.points.n; i++) if (this.cluster[i] === at && this.live[i]) rows.push(i);
    return rows;
  }

  rowsInside(path) {
    const [left, right] = extent(path.map(([x]) => x));
    const [top, bottom] = extent(path.map(([, y]) => y));
    const rows = [];
    for (let i = 0; i < this.points.n; i++) {
      const [x, y] = [this.toX(this.points.x[i]), this.toY(this.points.y[i])];
      if (this.live[i] && x >= left && x <= right && y >= top && y <= bottom && inside(path, x, y)) rows.push(i);
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
    const { points, live } = this;
    const { cells, x, y } = points;
    const reach = Math.max(PICK_PX, this.radius() + 2) / this.view.scale;
    const dataX = this.view.x + (px - this.width / 2) / this.view.scale;
    const dataY = this.view.y - (py - this.height / 2) / this.view.scale;
    const [first, last, from, to] = cellsIn(points, [dataX - reach, dataX + reach, dataY - reach, dataY + reach]);
    let best = -1;
    let nearest = reach * reach;
    for (let row = first; row <= last; row++)
      for (let at = cells.start[row * cells.columns + from]; at < cells.start[row * cells.columns + to + 1]; at++) {
        const i = cells.order[at];
        if (!live[i]) continue;
        const distance = (x[i] - dataX) ** 2 + (y[i] - dataY) ** 2;
        if (distance < nearest || (distance === nearest && i < best)) [best, nearest] = [i, distance];
      }
    return best;
  }

  point(row, speak = false) {
    this.pointHere(row);
    for (const other of othersOf(this)) other.pointHere(other.live[row] ? row : -1, true);
    if (speak && row >= 0) this.part("said").textContent = this.part("tip").textContent;
  }

  pointHere(row, fromBeside = false) {
    if (row === this.hover) return;
    this.hover = row;
    if (this.view) this.trace();
    this.tell(fromBeside);
  }

  // What is pointed at on a map beside this one is named here, no more.
  tell(nameAlone) {
    const tip = this.part("tip");
    tip.hidden = this.hover < 0 || (nameAlone && !this.isInView(this.hover));
    if (tip.hidden) return;
    const line = (text, name = "") => Object.assign(document.createElement("div"), { textContent: text, className: name });
    const name = line(this.points.tag(this.hover), "tag");
    tip.replaceChildren(name, ...(nameAlone ? [] : this.linesBelow(line)));
    const [x, y] = [this.toX(this.points.x[this.hover]), this.toY(this.points.y[this.hover])];
    tip.style.left = `${Math.max(4, Math.min(x + 12, this.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.max(4, y + 14 + tip.offsetHeight > this.height ? y - tip.offsetHeight - 12 : y + 14)}px`;
  }

  // The lines below the name of the point under the mouse.
  linesBelow(line) {
    const lines = [];
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
    return lines;
  }

  step(turn) {
    const { n } = this.points;
    let next = this.hover < 0 ? (turn > 0 ? 0 : n - 1) : (this.hover + turn + n) % n;
    for (let tried = 1; !this.live[next]; next = (next + turn + n) % n) if (tried++ === n) return;
    this.visit(next);
  }

  // Brings a point into view, on the maps beside this one, too, and points at it.
  visit(row) {
    for (const map of allOf(this)) if (map.live[row] && map.view && !map.isInView(row)) map.centre(row);
    this.point(row, true);
  }

  isInView(row) {
    const [x, y] = [this.toX(this.points.x[row]), this.toY(this.points.y[row])];
    return x >= 0 && y >= 0 && x <= this.width && y <= this.height;
  }

  centre(row) {
    this.move(this.width / 2 - this.toX(this.points.x[row]), this.height / 2 - this.toY(this.points.y[row]));
  }

  act(name) {
    if (name === "in" || name === "out") this.zoom(name === "in" ? 1.5 : 1 / 1.5);
    else if (name === "clear") this.select([]);
    else if (name === "hits") this.select(this.search.hits.slice().sort((a, b) => a - b));
    else if (name === "look") this.form.open();
    else if (name === "png") savePng(this);
    else if (name === "svg") saveSvg(this);
    else {
      this.fit();
      this.redraw();
    }
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
