// Colours. Those of the points stand in one array of four bytes a point: red, green, blue, and how it is drawn.

export const HIDDEN = 0; // its class is turned off
export const FAINT = 1; // grey: it does not pass the filters, or others stand out
export const LIT = 2;

const GREY = [140, 143, 148];

export const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
export const css = ([r, g, b], alpha = 1) => `rgba(${r},${g},${b},${alpha})`;
export const packed = ([r, g, b]) => (b << 16) | (g << 8) | r;

export function parseColour(text) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = text;
  const set = context.fillStyle;
  return set.startsWith("#") ? rgb(set) : set.match(/[\d.]+/g).slice(0, 3).map(Number);
}

// One even grey, so that crowds of it do not darken.
export const faintOn = (paper) => GREY.map((band, at) => Math.round(paper[at] + 0.38 * (band - paper[at])));

export function scaleAt(stops, share) {
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const at = Math.min(Math.floor(place), stops.length - 2);
  return stops[at].map((from, band) => Math.round(from + (stops[at + 1][band] - from) * (place - at)));
}

// Returns what says which of 256 places of a scale a value takes; NaN for NaN.
function placeOn({ low, high, log }) {
  const of = log ? (value) => Math.log(Math.max(value, 1)) : (value) => value;
  const [from, to] = [of(low), of(high)];
  if (to <= from) return () => 128;
  return (value) => Math.round((255 * Math.min(Math.max(of(value) - from, 0), to - from)) / (to - from));
}

// Writes the colour of every point into the low three bytes of its number.
export function colourAll(colours, { scale, values, cluster, classes, plain }) {
  const set = (i, colour) => (colours[i] = (colours[i] & 0xff000000) | colour);
  if (scale) {
    const stops = scale.colours.map(rgb);
    const table = Uint32Array.from({ length: 256 }, (_, at) => packed(scaleAt(stops, at / 255)));
    const [grey, place] = [packed(GREY), placeOn(scale)];
    for (let i = 0; i < colours.length; i++) {
      const at = place(Number(values[i]));
      set(i, at >= 0 ? table[at] : grey);
    }
  } else if (cluster) {
    const table = Uint32Array.from(classes, ({ colour }) => packed(colour));
    for (let i = 0; i < colours.length; i++) set(i, table[cluster[i]]);
  } else {
    const colour = packed(plain);
    for (let i = 0; i < colours.length; i++) set(i, colour);
  }
}
