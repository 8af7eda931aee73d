// What mouse, fingers and keys do on the map.

const CLICK_PX = 4;

export class Hands {
  constructor(map) {
    this.map = map;
    this.pointer = map.pointer;
    this.tool = "pan";
    this.before = [];
    const on = (type, act, options) => this.pointer.addEventListener(type, (event) => map.points && map.view && act(event), options);
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.drag(event));
    on("pointerup", (event) => this.release(event));
    on("pointercancel", () => this.drop());
    on("pointerleave", () => {
      map.point(-1);
      map.light(-1);
    });
    on("mousedown", (event) => event.detail === 1 && (this.before = map.selection()));
    on("dblclick", () => this.showAll());
    on("keydown", (event) => this.key(event));
    on("wheel", (event) => this.wheel(event), { passive: false });
    for (const part of ["tools", "search"])
      map.part(part).addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button?.dataset.tool) this.takeUp(button.dataset.tool);
        else if (button && map.points) map.act(button.dataset.act);
      });
  }

  takeUp(tool) {
    this.tool = tool;
    this.pointer.className = `pointer ${tool}`;
    for (const button of this.map.root.querySelectorAll("[data-tool]"))
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
    const { held, map } = this;
    const [x, y] = [event.offsetX, event.offsetY];
    if (!held) {
      const name = map.nameAt(x, y);
      this.pointer.style.cursor = name ? "pointer" : "";
      map.light(name ? name.class : -1);
      return map.point(map.pick(x, y));
    }
    held.far ||= Math.hypot(x - held.fromX, y - held.fromY) > CLICK_PX;
    if (!held.far) return undefined;
    map.point(-1);
    if (held.mode === "pan") map.move(x - held.x, y - held.y);
    else if (held.mode === "box") map.path = [[held.fromX, held.fromY], [x, held.fromY], [x, y], [held.fromX, y]];
    else (map.path ??= [[held.fromX, held.fromY]]).push([x, y]);
    [held.x, held.y] = [x, y];
    return held.mode === "pan" ? undefined : map.trace();
  }

  release(event) {
    const { held, map } = this;
    const { path } = map;
    this.drop();
    if (!held) return;
    if (path) map.choose(map.rowsInside(path), event.shiftKey);
    else if (!held.far) this.click(event);
  }

  drop() {
    this.held = null;
    this.map.path = null;
    if (this.map.points) this.map.rest();
  }

  // The clicks of a double click have chosen something on their way: that is taken back.
  showAll() {
    const { map, before } = this;
    const now = map.selection();
    if (now.length !== before.length || now.some((row, i) => row !== before[i])) map.select(before);
    map.act("fit");
  }

  click(event) {
    const { map } = this;
    const name = map.nameAt(event.offsetX, event.offsetY);
    if (name) return map.choose(map.rowsOf(name.class), event.shiftKey);
    const row = map.pick(event.offsetX, event.offsetY);
    if (row >= 0) map.choose([row], event.shiftKey);
    else if (map.selected && !event.shiftKey) map.select([]);
    return undefined;
  }

  wheel(event) {
    // Scrolling past the map must scroll the page: the wheel zooms once the map was clicked.
    if (this.map.root.getRootNode().activeElement !== this.pointer && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.map.zoom(Math.exp(-Math.max(-60, Math.min(event.deltaY, 60)) * 0.005), event.offsetX, event.offsetY);
  }

  key(event) {
    const { map } = this;
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    const act = { "+": "in", "=": "in", "-": "out", 0: "fit", Escape: "clear" }[event.key];
    const turn = { PageDown: 1, PageUp: -1 }[event.key];
    if (step) map.move(...step);
    else if (act) map.act(act);
    else if (turn) map.step(turn);
    else if (event.key === "/") map.search.field.focus();
    else if (event.key === "Enter" && map.hover >= 0) map.choose([map.hover], event.shiftKey);
    else return;
    event.preventDefault();
  }
}
