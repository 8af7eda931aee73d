// The classes in a column beside the map, with their numbers of points: to light up, to turn on and off, to select.

import { css } from "./colours.js";
import { clipped, written } from "./texts.js";

export class Legend {
  constructor(map) {
    this.map = map;
    this.root = map.part("legend");
    this.list = this.root.querySelector(".entries");
    this.all = this.root.querySelector("[data-act=all]");
    const { list } = this;
    const classOf = (event) => Number(event.target.closest("[data-class]")?.dataset.class ?? -1);
    list.addEventListener("pointerover", (event) => map.light(classOf(event)));
    list.addEventListener("pointerleave", () => map.light(-1));
    list.addEventListener("focusin", (event) => map.light(classOf(event)));
    list.addEventListener("focusout", () => map.light(-1));
    list.addEventListener("click", (event) => this.press(event, classOf(event)));
    list.addEventListener("keydown", (event) => this.walk(event));
    this.all.addEventListener("click", () => {
      map.turn([]);
      list.querySelector("[tabindex='0']")?.focus();
    });
  }

  // It stays what it is as long as the classes do.
  show() {
    const { map, list } = this;
    const listed = map.classOrder.filter((i) => map.classes[i].size && map.classes[i].name);
    const says = JSON.stringify([map.data.kind, Boolean(map.scale), listed.map((i) => [i, map.classes[i].name, map.classes[i].colour, map.classes[i].size])]);
    if (this.says !== says) {
      this.says = says;
      this.root.hidden = !listed.length;
      this.root.setAttribute("aria-label", `Legend: each ${(map.data.class_word ?? "").toLowerCase()} with its number of ${map.data.kind}, largest first`);
      list.replaceChildren(...listed.map((i, at) => this.entry(i, at)));
    }
    this.mark();
  }

  entry(i, at) {
    const { name, colour, size } = this.map.classes[i];
    const { kind } = this.map.data;
    const entry = Object.assign(document.createElement("div"), { className: "entry" });
    entry.dataset.class = i;
    const swatch = document.createElement("i");
    // Where colours mean a number, that of the class would say something else.
    if (!this.map.scale) swatch.style.setProperty("--colour", css(colour));
    const turn = Object.assign(document.createElement("button"), { className: "turn", type: "button", tabIndex: -1, title: "Show or hide; with Shift, show it alone" });
    turn.setAttribute("role", "switch");
    turn.setAttribute("aria-label", `Show ${clipped(name, 60)}`);
    turn.append(swatch);
    const pick = Object.assign(document.createElement("button"), { className: "pick", type: "button", tabIndex: at ? -1 : 0, title: `Select its ${kind}: ${written(size)}` });
    const text = Object.assign(document.createElement("bdi"), { textContent: clipped(name, 60) });
    pick.append(text, Object.assign(document.createElement("span"), { textContent: written(size) }));
    entry.append(turn, pick);
    return entry;
  }

  // What is lit, what is off, and how many of each pass the filters.
  mark() {
    const { map } = this;
    for (const entry of this.list.children) {
      const i = Number(entry.dataset.class);
      const { size, live } = map.classes[i];
      entry.classList.toggle("lit", i === map.lit);
      entry.classList.toggle("off", map.off.has(i));
      entry.firstChild.setAttribute("aria-checked", String(!map.off.has(i)));
      const number = map.kept ? `${written(live)}/${written(size)}` : written(size);
      if (entry.lastChild.lastChild.textContent !== number) entry.lastChild.lastChild.textContent = number;
    }
    this.all.hidden = !map.off.size;
    this.all.textContent = `Show all (${written(map.off.size)} hidden)`;
  }

  press(event, i) {
    if (i < 0) return;
    const { map } = this;
    if (!event.target.closest(".turn")) map.choose(map.rowsOf(i), event.shiftKey);
    else if (event.shiftKey) map.turn(map.classOrder.filter((each) => each !== i));
    else map.turn(map.off.has(i) ? [...map.off].filter((each) => each !== i) : [...map.off, i]);
  }

  // Arrow keys go from one entry to the next, and between its two buttons; Delete turns it off and on.
  walk(event) {
    const button = event.target.closest("button");
    const entry = button?.parentElement;
    if (!entry) return;
    const goals = { ArrowDown: entry.nextElementSibling, ArrowUp: entry.previousElementSibling, Home: this.list.firstChild, End: this.list.lastChild };
    const sides = { ArrowLeft: entry.firstChild, ArrowRight: entry.lastChild };
    if (event.key === "Delete") entry.firstChild.click();
    else if (event.key in sides) this.goTo(button, sides[event.key]);
    else if (event.key in goals) this.goTo(button, goals[event.key]?.querySelector(`.${button.className}`));
    else return;
    event.preventDefault();
  }

  goTo(from, to) {
    if (!to) return;
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  // What saved pictures show of it: as many as fit into a height, the largest first.
  lines(height, step) {
    const { map } = this;
    if (map.scale) return [];
    const shown = map.classOrder.filter((i) => map.classes[i].size && map.classes[i].name && !map.off.has(i)).map((i) => map.classes[i]);
    const room = Math.floor(height / step);
    if (shown.length <= room) return shown;
    return [...shown.slice(0, room - 1), { name: `\u2026 ${written(shown.length - room + 1)} more`, colour: null, size: null }];
  }
}
