// Charts that filter: grey bars for all rows, coloured ones for those that pass the filters of the other charts.
// What is brushed is told to the page, which counts anew. Text from data only ever meets textContent.

const SVG = "http://www.w3.org/2000/svg";
const CLICK_PX = 4;
const SETTLED_MS = 250;
// Control characters and the marks that turn the direction of the text after them.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const readable = (text) => text.replace(UNSEEN, "\ufffd");
const boardOf = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".charts");
  if (!boardOf.has(root)) boardOf.set(root, new Map());
  const board = boardOf.get(root);
  const send = (filter) => setTriggerValue("filter", filter);
  for (const [name, chart] of board)
    if (!data.charts.some((column) => column.name === name && Boolean(column.edges) === chart instanceof Histogram)) {
      chart.root.remove();
      board.delete(name);
    }
  for (const [at, column] of data.charts.entries()) {
    if (!board.has(column.name)) board.set(column.name, column.edges ? new Histogram() : new Names());
    const chart = board.get(column.name);
    chart.send = send;
    chart.show(column);
    if (root.children[1 + at] !== chart.root) root.insertBefore(chart.root, root.children[1 + at] ?? null);
  }
  root.dataset.passing = data.passing;
}

function make(kind, parent, className, text = "") {
  const node = parent.appendChild(document.createElement(kind));
  node.className = className;
  node.textContent = text;
  return node;
}

function written(value) {
  const size = Math.abs(value);
  const digits = size && size < 1 ? Math.min(2 - Math.floor(Math.log10(size)), 8) : size < 100 ? 2 : 0;
  return value.toLocaleString("en", { maximumFractionDigits: digits }).replace("-", "\u2212");
}

class Chart {
  constructor() {
    this.root = document.createElement("div");
    this.root.className = "chart";
    this.root.setAttribute("role", "group");
    const head = make("div", this.root, "head");
    this.title = make("b", head, "");
    this.now = make("span", head, "now");
    this.off = make("button", head, "", "\u00d7");
    this.off.addEventListener("click", () => this.clear());
    this.root.addEventListener("keydown", (event) => event.key === "Escape" && this.clear());
  }

  show(data) {
    this.data = data;
    this.title.textContent = data.title;
    this.root.setAttribute("aria-label", data.title);
    this.root.dataset.column = data.name;
    this.off.setAttribute("aria-label", `Let go of the filter by ${data.title}`);
    this.off.title = "Let this filter go";
    this.off.hidden = !data.filtered;
    this.root.classList.toggle("some", data.filtered);
  }

  clear() {
    if (this.data.filtered) this.send({ column: this.data.name });
  }
}

class Histogram extends Chart {
  constructor() {
    super();
    this.plot = make("div", this.root, "plot");
    this.svg = this.plot.appendChild(document.createElementNS(SVG, "svg"));
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.shades = [make("div", this.plot, "shade"), make("div", this.plot, "shade")];
    this.ends = ["from", "to"].map((which, at) => this.end(which, at));
    this.axis = make("div", this.root, "axis");
    this.note = make("div", this.root, "note");
    const on = (type, act) => this.plot.addEventListener(type, act);
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.drag(event));
    on("pointerup", () => this.release());
    on("pointercancel", () => this.show(this.data));
  }

  end(which, at) {
    const end = make("div", this.plot, "end");
    end.tabIndex = 0;
    end.setAttribute("role", "slider");
    end.dataset.which = which;
    end.addEventListener("keydown", (event) => this.key(event, at));
    return end;
  }

  get n() {
    return this.data.all.length;
  }

  show(data) {
    super.show(data);
    if (this.held || this.waiting) return;
    this.own = [data.low, data.high];
    this.placed = this.places();
    this.range = [...this.placed];
    this.bars();
    this.mark();
    this.axis.replaceChildren();
    for (const edge of this.ticks()) make("span", this.axis, "", written(edge));
    this.note.textContent = data.unknown ? `${written(data.unknown)} not known` : "";
  }

  // The bins that hold any of what the filter lets pass, from and up to.
  places() {
    const [low, high] = this.own;
    const from = low === null ? 0 : this.data.edges.findLastIndex((edge) => edge <= low);
    const first = Math.min(Math.max(from, 0), this.n - 1);
    const to = high === null ? this.n : this.data.edges.findIndex((edge) => edge >= high);
    return [first, to < 0 ? this.n : Math.max(to, first + 1)];
  }

  // The bound at an end: the filter's own, which may lie between edges, as long as that end is not moved.
  bound(at) {
    const place = this.range[at];
    if (place === this.placed[at]) return this.own[at];
    return place === (at ? this.n : 0) ? null : this.data.edges[place];
  }

  ticks() {
    const { edges, whole } = this.data;
    const last = whole ? edges[this.n] - 1 : edges[this.n];
    const inner = this.n < 4 ? [] : [edges[Math.round(this.n / 2)]];
    return this.n === 1 && whole ? [edges[0]] : [edges[0], ...inner, last];
  }

  bars() {
    const { all, kept } = this.data;
    const most = Math.max(...all, 1);
    this.svg.setAttribute("viewBox", `0 0 ${this.n} 100`);
    const path = (counts) =>
      counts.map((count, at) => (count ? `M${at + 0.06} 100h0.88v${-Math.max((96 * count) / most, 2)}h-0.88z` : "")).join("");
    this.svg.replaceChildren();
    for (const [name, counts] of [["all", all], ["kept", kept]]) {
      const bar = this.svg.appendChild(document.createElementNS(SVG, "path"));
      bar.setAttribute("class", name);
      bar.setAttribute("d", path(counts));
    }
  }

  // Shades what is left out, and says what is not.
  mark() {
    const [from, to] = this.range;
    const share = (bin) => `${(100 * bin) / this.n}%`;
    Object.assign(this.shades[0].style, { left: "0", width: share(from) });
    Object.assign(this.shades[1].style, { left: share(to), width: share(this.n - to) });
    this.ends.forEach((end, at) => {
      end.style.left = share(this.range[at]);
      end.setAttribute("aria-label", `${this.data.title}, ${at ? "up to" : "from"}`);
      end.setAttribute("aria-valuemin", 0);
      end.setAttribute("aria-valuemax", this.n);
      end.setAttribute("aria-valuenow", this.range[at]);
      end.setAttribute("aria-valuetext", this.edge(at));
    });
    this.now.textContent = this.isWhole() ? "" : this.inWords(this.bound(0), this.bound(1));
  }

  isWhole() {
    return this.bound(0) === null && this.bound(1) === null;
  }

  // Where an end is; of whole numbers, the first or last that passes.
  edge(at) {
    return this.endInWords(at, this.bound(at) ?? this.data.edges[at ? this.n : 0]);
  }

  endInWords(at, bound) {
    return written(this.data.whole ? Math.ceil(bound) - at : bound);
  }

  inWords(low, high) {
    const first = this.endInWords(0, low ?? this.data.edges[0]);
    if (high === null) return `${first} or more`;
    const last = this.endInWords(1, high);
    if (this.data.whole) return first === last ? first : `${first} to ${last}`;
    return low === null ? `under ${last}` : `${first} to under ${last}`;
  }

  tell() {
    const column = this.data.name;
    this.send(this.isWhole() ? { column } : { column, low: this.bound(0), high: this.bound(1) });
  }

  // Lets go of what is still in the hand or waits to be sent, too.
  clear() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    this.held = null;
    super.clear();
    if (!this.data.filtered) return this.show(this.data);
    this.own = [null, null];
    this.placed = this.places();
    this.range = [...this.placed];
    this.mark();
  }

  // ---- Hands ----

  at(event) {
    const box = this.plot.getBoundingClientRect();
    return (this.n * (event.clientX - box.left)) / box.width;
  }

  press(event) {
    if (event.button) return;
    this.plot.setPointerCapture(event.pointerId);
    const end = this.ends.indexOf(event.target);
    const at = this.at(event);
    const [from, to] = this.range;
    const mode = end >= 0 ? "end" : !this.isWhole() && at > from && at < to ? "move" : "new";
    this.held = { mode, at, fixed: this.range[1 - end], x: event.clientX, before: this.range, far: false };
  }

  drag(event) {
    const { held } = this;
    if (!held) {
      const bin = Math.min(Math.max(Math.floor(this.at(event)), 0), this.n - 1);
      const { edges, kept, all } = this.data;
      this.plot.title = `${this.inWords(edges[bin], edges[bin + 1])}: ${written(kept[bin])} of ${written(all[bin])}`;
      return;
    }
    held.far ||= Math.abs(event.clientX - held.x) > CLICK_PX;
    if (!held.far) return;
    const at = this.at(event);
    const clipped = (bin) => Math.min(Math.max(bin, 0), this.n);
    if (held.mode === "move") {
      const width = held.before[1] - held.before[0];
      const from = Math.min(clipped(held.before[0] + Math.round(at - held.at)), this.n - width);
      this.range = [from, from + width];
    } else {
      const start = held.mode === "end" ? held.fixed : held.at;
      const [low, high] = start < at ? [start, at] : [at, start];
      this.range = [clipped(held.mode === "end" ? Math.round(low) : Math.floor(low)), clipped(held.mode === "end" ? Math.round(high) : Math.ceil(high))];
      if (this.range[0] === this.range[1]) this.range = this.range[1] < this.n ? [this.range[0], this.range[0] + 1] : [this.n - 1, this.n];
    }
    this.mark();
  }

  // A click takes the bar under it, or lets go of a range that it is in.
  release() {
    const { held } = this;
    this.held = null;
    if (!held) return;
    if (!held.far && held.mode === "move") return this.clear();
    if (!held.far && held.mode === "new") {
      const bin = Math.min(Math.max(Math.floor(held.at), 0), this.n - 1);
      this.range = [bin, bin + 1];
    }
    this.mark();
    if (this.range.some((bin, at) => bin !== held.before[at])) this.tell();
  }

  key(event, at) {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 5, PageDown: -5, Home: -this.n, End: this.n }[event.key];
    if (!step) return;
    event.preventDefault();
    const [low, high] = at ? [this.range[0] + 1, this.n] : [0, this.range[1] - 1];
    this.range = this.range.with(at, Math.min(Math.max(this.range[at] + step, low), high));
    this.mark();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.waiting = 0;
      this.tell();
    }, SETTLED_MS);
  }
}

class Names extends Chart {
  constructor() {
    super();
    this.list = make("div", this.root, "names");
    this.note = make("div", this.root, "note");
    this.rows = [];
  }

  show(data) {
    super.show(data);
    const most = Math.max(...data.all, 1);
    while (this.rows.length > data.names.length) this.rows.pop().button.remove();
    while (this.rows.length < data.names.length) this.rows.push(this.row(this.rows.length));
    const chosen = new Set(data.chosen);
    this.rows.forEach(({ button, text, all, kept, number }, at) => {
      text.textContent = readable(data.shown[at]);
      button.title = readable(data.shown[at]);
      all.style.width = `${(100 * data.all[at]) / most}%`;
      kept.style.width = `${(100 * data.kept[at]) / most}%`;
      if (data.colours) kept.style.setProperty("--bar", data.colours[at]);
      number.textContent = written(data.kept[at]);
      button.setAttribute("aria-label", `${readable(data.shown[at])}, ${written(data.kept[at])} of ${written(data.all[at])}`);
      button.setAttribute("aria-pressed", String(!chosen.size || chosen.has(data.names[at])));
    });
    this.now.textContent = data.filtered ? `${chosen.size} of ${written(data.names.length + data.more)}` : "";
    const notes = [data.more && `${written(data.more)} smaller ones are not listed`, data.unknown && `${written(data.unknown)} in none`];
    this.note.textContent = notes.filter(Boolean).join("; ");
  }

  row(at) {
    const button = make("button", this.list, "name");
    const text = make("bdi", button, "text");
    const bar = make("span", button, "bar");
    const [all, kept] = [make("i", bar, "all"), make("i", bar, "kept")];
    const number = make("span", button, "number");
    button.addEventListener("click", () => this.turn(at));
    return { button, text, all, kept, number };
  }

  // The first name that is turned stands alone; turning the last one off brings all back.
  turn(at) {
    const name = this.data.names[at];
    const chosen = new Set(this.data.chosen);
    if (chosen.has(name)) chosen.delete(name);
    else chosen.add(name);
    const all = chosen.size === this.data.names.length && !this.data.more && !this.data.unknown;
    this.send(chosen.size && !all ? { column: this.data.name, names: [...chosen] } : { column: this.data.name });
  }
}
