// Shading by density, where dots would cover one another: how many there are, and their mean colour.

import { faintOn } from "./colours.js";

// Returns a small opaque canvas, to be stretched over the map: for each level the logarithm of how many points of
// it are in a square, smoothed, decides how much of their mean colour (or of the one grey) covers what is below.
export function shading(scene, levels, width, height, step) {
  const [columns, rows] = [Math.ceil(width / step), Math.ceil(height / step)];
  const image = new ImageData(columns, rows);
  new Uint32Array(image.data.buffer).fill(0xff000000 | (scene.paper[2] << 16) | (scene.paper[1] << 8) | scene.paper[0]);
  for (const level of levels) cover(image.data, sums(scene, level.level, columns, rows, step), level.colour && faintOn(scene.paper));
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function sums({ x, y, n, rows: some, colours, scale, left, top }, level, columns, rows, step) {
  const [number, red, green, blue] = [0, 1, 2, 3].map(() => new Float32Array(columns * rows));
  for (let at = (some ? some.length : n) - 1; at >= 0; at--) {
    const i = some ? some[at] : at;
    const colour = colours[i];
    if (colour >>> 24 !== level) continue;
    const column = Math.floor((left + x[i] * scale) / step);
    const row = Math.floor((top - y[i] * scale) / step);
    if (column < 0 || row < 0 || column >= columns || row >= rows) continue;
    const cell = row * columns + column;
    number[cell]++;
    red[cell] += colour & 255;
    green[cell] += (colour >> 8) & 255;
    blue[cell] += (colour >> 16) & 255;
  }
  return [number, red, green, blue].map((band) => smoothed(band, columns, rows));
}

// Means of three by three, twice: near enough to a Gaussian of a square and a third.
function smoothed(values, columns, rows) {
  const spare = new Float32Array(values.length);
  for (let turn = 0; turn < 2; turn++) {
    means(values, spare, 1, rows, columns, columns);
    means(spare, values, columns, columns, rows, 1);
  }
  return values;
}

// Means of three in a row of `length` values `step` apart, for each of `lines` rows `apart` apart.
function means(from, to, step, lines, length, apart) {
  for (let line = 0; line < lines; line++) {
    let at = line * apart;
    let [before, here] = [0, from[at]];
    for (let i = 0; i < length; i++, at += step) {
      const after = i + 1 < length ? from[at + step] : 0;
      to[at] = (before + here + after) / 3;
      [before, here] = [here, after];
    }
  }
}

function cover(pixels, [number, ...bands], one) {
  let most = 0;
  for (const value of number) if (value > most) most = value;
  const whole = Math.log1p(4 * most);
  for (let i = 0; i < number.length; i++) {
    if (number[i] < 0.01) continue;
    const share = (0.15 + (0.85 * Math.log1p(4 * number[i])) / whole) * Math.min(1, 8 * number[i]);
    for (let band = 0; band < 3; band++) {
      const colour = one ? one[band] : bands[band][i] / number[i];
      pixels[4 * i + band] += (colour - pixels[4 * i + band]) * share;
    }
  }
}
