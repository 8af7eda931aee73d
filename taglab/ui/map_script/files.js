// The view as a picture to save, with its legend.

import { FAINT, HIDDEN, LIT, css } from "./colours.js";
import { drawMarks } from "./labels.js";
import { clipped, written } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
// More circles than this make a file that no editor opens; they are one picture within it.
const MOST_CIRCLES = 20000;
const LEGEND_PX = 200;
const LINE_PX = 17;

// The legend as marks beside a map of a width: a swatch, a name and a number for each line.
function legendMarks(map) {
  const lines = map.legend.lines(map.height - 16, LINE_PX);
  const at = (line) => 8 + (line + 0.5) * LINE_PX;
  return lines.flatMap(({ name, colour, size }, line) => [
    ...(colour ? [{ box: [map.width + 10, at(line) - 5, 10, 10], fill: css(colour) }] : []),
    { text: clipped(name, 22), x: map.width + 26, y: at(line), size: 12, weight: 400, colour: map.ink, align: "left" },
    ...(size === null ? [] : [{ text: written(size), x: map.width + LEGEND_PX - 8, y: at(line), size: 12, weight: 400, colour: map.ink, align: "right" }]),
  ]);
}

export function savePng(map) {
  const legend = legendMarks(map);
  const across = map.width + (legend.length ? LEGEND_PX : 0);
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(across * map.ratio), height: map.base.height });
  const context = canvas.getContext("2d");
  context.fillStyle = css(map.paper);
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(map.base, 0, 0);
  context.drawImage(map.over, 0, 0);
  context.setTransform(map.ratio, 0, 0, map.ratio, 0, 0);
  drawMarks(context, legend, css(map.paper), map.font);
  canvas.toBlob((blob) => save(blob, `${map.data.file}.png`));
}

export function saveSvg(map) {
  const legend = legendMarks(map);
  const across = map.width + (legend.length ? LEGEND_PX : 0);
  const node = (parent, name, attributes) => {
    const made = parent.appendChild(document.createElementNS(SVG, name));
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    return made;
  };
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ width: across, height: map.height, viewBox: `0 0 ${across} ${map.height}` })) svg.setAttribute(key, value);
  node(svg, "title", {}).textContent = map.data.label;
  node(svg, "rect", { width: "100%", height: "100%", fill: css(map.paper) });
  const drawn = map.dense ? Infinity : map.levels.reduce((sum, number, level) => sum + (level === HIDDEN ? 0 : number), 0);
  if (drawn > MOST_CIRCLES) node(svg, "image", { width: map.width, height: map.height, href: map.base.toDataURL() });
  else for (const pass of map.passes(1)) circles(map, node, svg, pass);
  for (const mark of [...map.shown, ...legend]) {
    if (mark.text === undefined) node(svg, "rect", { x: mark.box[0], y: mark.box[1], width: mark.box[2], height: mark.box[3], fill: mark.fill });
    else
      node(svg, "text", { x: mark.x, y: mark.y, "font-size": mark.size, "font-weight": mark.weight, "font-family": "sans-serif", "text-anchor": { center: "middle", left: "start", right: "end" }[mark.align], "dominant-baseline": "central", fill: mark.colour, stroke: css(map.paper), "stroke-width": 3, "paint-order": "stroke" }).textContent = mark.text;
  }
  save(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }), `${map.data.file}.svg`);
}

function circles(map, node, svg, { level, radius, alpha }) {
  const { n, x, y } = map.points;
  for (let i = n - 1; i >= 0; i--) {
    const [cx, cy] = [map.toX(x[i]), map.toY(y[i])];
    if (map.colours[i] >>> 24 !== level || cx < 0 || cy < 0 || cx > map.width || cy > map.height) continue;
    const fill = css(level === LIT ? [0, 8, 16].map((by) => (map.colours[i] >> by) & 255) : map.faint());
    node(svg, "circle", { cx: cx.toFixed(2), cy: cy.toFixed(2), r: radius.toFixed(2), fill, "fill-opacity": level === FAINT ? 1 : alpha.toFixed(2) });
  }
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
