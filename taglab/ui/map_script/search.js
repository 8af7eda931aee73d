// Search on the map, as typed: Enter goes from hit to hit.

import { othersOf } from "./beside.js";
import { folded, foldedTags, hitsOf, written } from "./texts.js";

export class Search {
  constructor(map) {
    this.map = map;
    this.root = map.part("search");
    this.field = this.root.querySelector("input");
    this.hits = [];
    this.field.addEventListener("focus", () => map.points && foldedTags(map.points));
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("keydown", (event) => this.key(event));
  }

  name(kind) {
    this.field.placeholder = `Find ${kind}`;
    this.field.setAttribute("aria-label", `Find ${kind} on the map`);
  }

  // Called whenever points may be others by now, or others within reach; nothing typed leaves everything as it is.
  look(again = false) {
    const { map } = this;
    const wanted = folded(this.field.value.trim());
    if (!map.points || (wanted === this.wanted && map.points === this.searched && !(again && wanted))) return;
    [this.wanted, this.searched] = [wanted, map.points];
    this.hits = wanted ? hitsOf(map.points, wanted, map.live) : [];
    this.hit = -1;
    map.sought = null;
    if (this.hits.length) {
      map.sought = new Uint8Array(map.points.n);
      for (const row of this.hits) map.sought[row] = 1;
    }
    this.tell();
    map.restand();
    for (const { search } of othersOf(map)) search.follow(this.field.value);
  }

  // Seeks what was typed on a map beside this one.
  follow(text) {
    if (this.field.value === text) return;
    this.field.value = text;
    this.look();
  }

  tell() {
    const { length } = this.hits;
    const place = this.hit < 0 ? "" : `${written(this.hit + 1)} of `;
    this.root.querySelector("output").textContent = this.wanted ? place + (length ? written(length) : "none") : "";
    this.root.querySelector("button").hidden = !length;
  }

  goTo(turn) {
    const { length } = this.hits;
    if (!length) return;
    this.hit = this.hit < 0 && turn < 0 ? length - 1 : (this.hit + turn + length) % length;
    this.map.visit(this.hits[this.hit]);
    this.tell();
  }

  key(event) {
    if (event.key === "Enter") this.goTo(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") this.end();
    else return;
    event.preventDefault();
  }

  end() {
    this.field.value = "";
    this.look();
    this.map.pointer.focus();
  }
}
