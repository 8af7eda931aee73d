// What is nearest to the one point that is selected, to go on to.

import { clipped } from "./texts.js";

export class Near {
  constructor(map) {
    this.map = map;
    this.root = map.part("near");
    this.list = this.root.querySelector("ol");
    this.list.addEventListener("click", (event) => {
      const row = Number(event.target.closest("button")?.dataset.row ?? -1);
      if (row >= 0) this.goTo(row);
    });
  }

  goTo(row) {
    const { map } = this;
    this.goesOn = true;
    map.select([row]);
    map.visit(row);
  }

  // The list of what is selected alone: from the server, a moment after the click, or of those held from the start.
  ofSelected() {
    const { map } = this;
    const { near, near_of: asked, near_first: held, near_each: each } = map.data;
    if (map.selected !== 1) return null;
    const [rows, likeness] = ["row", "likeness"].map((name) => (near ?? held)?.getChild(name).toArray());
    if (near) return map.chosen[asked] === 1 ? { key: near, of: asked, rows, likeness } : null;
    const of = map.chosen.indexOf(1);
    const [from, to] = [of * each, (of + 1) * each];
    return held && to <= held.numRows ? { key: of, of, rows: rows.slice(from, to), likeness: likeness.slice(from, to) } : null;
  }

  show() {
    const { map } = this;
    const list = this.ofSelected();
    this.root.hidden = !list;
    if (!list || this.shown === list.key) return;
    const { key, of, rows, likeness } = list;
    this.shown = key;
    this.root.querySelector("bdi").textContent = clipped(map.points.tag(of), 40);
    this.list.replaceChildren(...Array.from(rows, (row, at) => (map.live[row] ? this.entry(row, likeness[at]) : [])).flat());
    // The list that had the focus was hidden while this one was on its way.
    if (this.goesOn && !this.root.getRootNode().activeElement?.closest?.(".map")) this.list.querySelector("button")?.focus();
    this.goesOn = false;
  }

  entry(row, likeness) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.row = row;
    const name = Object.assign(document.createElement("bdi"), { textContent: clipped(this.map.points.tag(row), 60) });
    const number = Object.assign(document.createElement("span"), { textContent: likeness.toFixed(2).replace("-", "\u2212") });
    button.append(name, number);
    const item = document.createElement("li");
    item.append(button);
    return item;
  }
}
