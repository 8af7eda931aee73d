// What a person sets on the map itself: how dots are drawn, and which classes are off. As one short text it stands
// in the link; what is not understood there is left out.

const USUAL = { size: 1, opacity: 0, as: "auto", by: "auto" };
const CHOICES = { as: ["auto", "dots", "density"], by: ["auto", "card", "processor"] };
const BOUNDS = { size: [0.4, 3], opacity: [0, 1] };
// Characters that the link has room for.
export const LONGEST_LOOK = 2000;

const own = (of, name) => (Object.hasOwn(of, name) ? of[name] : []);

export function parseLook(text) {
  const look = { ...USUAL, off: null };
  for (const part of text.slice(0, 4000).split("_")) {
    const [name, value = ""] = part.split("=");
    if (own(CHOICES, name).includes(value)) look[name] = value;
    const [least, most] = own(BOUNDS, name);
    if (/^\d+(\.\d+)?$/.test(value) && value >= least && value <= most) look[name] = Number(value);
    // Of how many classes, and which: numbers of others would be other classes.
    const turned = /^o(n|ff)$/.test(name) && value.match(/^(\d{1,5}):(\d{1,5}(?:\.\d{1,5})*)$/);
    if (!turned) continue;
    const [of, which] = [Number(turned[1]), turned[2].split(".").map(Number)];
    look.off = { of, which: name === "off" ? which : without(of, which) };
  }
  return look;
}

export function writeLook(look) {
  const parts = Object.keys(USUAL).flatMap((name) => (look[name] === USUAL[name] ? [] : `${name}=${look[name]}`));
  if (look.off?.which.length) {
    const { of, which } = look.off;
    const on = without(of, which);
    const byOn = on.length && on.length < which.length;
    parts.push(`${byOn ? "on" : "off"}=${of}:${(byOn ? on : which).join(".")}`);
  }
  return parts.join("_");
}

function without(of, which) {
  const left = new Set(which);
  return Array.from({ length: of }, (_, i) => i).filter((i) => !left.has(i));
}

// The small form behind the button of the tools.
export class LookForm {
  constructor(map) {
    this.map = map;
    this.form = map.part("look");
    this.button = map.part("tools").querySelector("[data-act=look]");
    this.form.addEventListener("input", (event) => this.take(event.target));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("reset", () => map.look({ ...map.looks, ...USUAL }));
    this.form.addEventListener("keydown", (event) => event.key === "Escape" && this.open(false));
  }

  open(wanted = this.form.hidden) {
    this.form.hidden = !wanted;
    this.button.setAttribute("aria-expanded", String(wanted));
    (wanted ? this.form.querySelector("select") : this.button).focus();
  }

  take({ name, value }) {
    if (name === "auto") this.map.look({ ...this.map.looks, opacity: 0 });
    else this.map.look({ ...this.map.looks, [name]: name in BOUNDS ? Number(value) : value });
  }

  show() {
    const { elements } = this.form;
    for (const name in USUAL) if (Number(elements[name].value) !== this.map.looks[name]) elements[name].value = this.map.looks[name] || this.map.opacity();
    const drawn = this.map.painter.lost === undefined ? "the processor" : "the graphics card";
    this.form.querySelector("output").textContent = `${this.map.dense ? "Density" : "Dots"}, drawn by ${drawn}`;
  }
}

// Which of the colourings that the browser can do by itself is shown; only where there is a choice.
export class ColourChoice {
  constructor(map) {
    this.map = map;
    this.box = map.part("colouring");
    this.select = this.box.querySelector("select");
    this.select.addEventListener("change", () => map.recolour(this.select.value));
  }

  show(choices, chosen) {
    this.box.hidden = choices.length < 2;
    const says = JSON.stringify(choices);
    if (this.says !== says) {
      this.says = says;
      this.select.replaceChildren(...choices.map(([value, text]) => Object.assign(document.createElement("option"), { value, textContent: text })));
    }
    this.select.value = chosen;
  }
}
