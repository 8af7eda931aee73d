// Dots drawn on the processor into one image: some ten milliseconds for ten thousand points, where drawing paths
// takes half a second without a graphics card.

import { packed } from "./colours.js";

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

// Red and blue are blended at once, green by itself: a third of the multiplications.
function blend(pixels, middle, { offset, cover }, colour) {
  const [redBlue, green] = [colour & 0xff00ff, colour & 0xff00];
  for (let j = 0; j < offset.length; j++) {
    const at = middle + offset[j];
    const old = pixels[at];
    const share = cover[j];
    const rest = 256 - share;
    const mixed = ((Math.imul(redBlue, share) + Math.imul(old & 0xff00ff, rest)) >>> 8) & 0xff00ff;
    pixels[at] = 0xff000000 | mixed | (((Math.imul(green, share) + Math.imul(old & 0xff00, rest)) >>> 8) & 0xff00);
  }
}

export class ProcessorDots {
  // Draws the rows of each pass, the most used last and so on top; a pass: level, radius, alpha, and one colour
  // for all or null.
  paint(context, scene, passes, ground) {
    const { width, height } = context.canvas;
    // Reading a picture back takes longer than all else, and is for dots to be blended with it.
    if (ground && !passes.length) return void context.drawImage(ground, 0, 0, width, height);
    const image = this.ground(width, height, scene, ground);
    const pixels = new Uint32Array(image.data.buffer);
    for (const pass of passes) this.stamp(pixels, width, height, scene, pass);
    context.putImageData(image, 0, 0);
  }

  ground(width, height, { paper }, ground) {
    if (!ground) {
      if (this.image?.width !== width || this.image?.height !== height) this.image = new ImageData(width, height);
      new Uint32Array(this.image.data.buffer).fill(0xff000000 | packed(paper));
      return this.image;
    }
    this.under ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    Object.assign(this.under.canvas, { width, height });
    this.under.drawImage(ground, 0, 0, width, height);
    return this.under.getImageData(0, 0, width, height);
  }

  stamp(pixels, width, height, { x, y, n, rows, colours, scale, left, top }, { level, radius, alpha, colour }) {
    const disc = discOf(radius, alpha, width);
    const { reach } = disc;
    for (let at = (rows ? rows.length : n) - 1; at >= 0; at--) {
      const i = rows ? rows[at] : at;
      if (colours[i] >>> 24 !== level) continue;
      const px = Math.round(left + x[i] * scale);
      const py = Math.round(top - y[i] * scale);
      if (px < reach || py < reach || px >= width - reach || py >= height - reach) continue;
      blend(pixels, py * width + px, disc, colour ?? colours[i]);
    }
  }
}
