// Dots drawn by a graphics card, in WebGL 2; pixel for pixel what the processor draws, but for rounding. One
// program and one call a pass are all there is to do, so no library stands between: regl and regl-scatterplot
// write code at run time, which the content policy of the map to take away forbids, and know WebGL 1 only;
// deck.gl is 2 MB, in every such file.

const VERTEX = `#version 300 es
in float x;
in float y;
in vec4 paint;
uniform vec2 middle;
uniform vec2 size;
uniform float scale;
uniform float radius;
uniform float level;
uniform vec4 one;
out vec3 colour;
void main() {
  vec2 place = floor(size * 0.5 + (vec2(x, y) - middle) * vec2(scale, -scale) + 0.5) + 0.5;
  bool drawn = abs(paint.a * 255.0 - level) < 0.5;
  gl_Position = drawn ? vec4((place / size * 2.0 - 1.0) * vec2(1.0, -1.0), 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = 2.0 * ceil(radius) + 1.0;
  colour = mix(paint.rgb, one.rgb, one.a);
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 colour;
uniform float radius;
uniform float alpha;
out vec4 drawn;
void main() {
  float off = length(gl_PointCoord - 0.5) * (2.0 * ceil(radius) + 1.0);
  float cover = clamp(radius + 0.5 - off, 0.0, 1.0) * alpha;
  drawn = vec4(colour * cover, cover);
}`;
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

// Returns what draws, or null: no WebGL 2, or one that the processor only plays, which is slower than drawing
// there at once (unless it is wanted all the same).
export function cardDots(wanted) {
  if (wanted === "processor") return null;
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false, failIfMajorPerformanceCaveat: wanted !== "card" });
  if (!gl) return null;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  if (wanted !== "card" && SOFTWARE.test(name)) {
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    return null;
  }
  const program = built(gl);
  return program && new CardDots(canvas, gl, program);
}

function built(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

class CardDots {
  constructor(canvas, gl, program) {
    Object.assign(this, { canvas, gl });
    gl.useProgram(program);
    this.at = (name) => gl.getUniformLocation(program, name);
    this.buffers = {};
    for (const [name, size, kind, evened] of [["x", 1, gl.FLOAT, false], ["y", 1, gl.FLOAT, false], ["paint", 4, gl.UNSIGNED_BYTE, true]]) {
      const place = gl.getAttribLocation(program, name);
      this.buffers[name] = { buffer: gl.createBuffer() };
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name].buffer);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, kind, evened, 0, 0);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  // The most used points come first in the arrays and are to be drawn last.
  send(name, values, version) {
    const known = this.buffers[name];
    if (known.values === values && known.version === version) return;
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, known.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values.slice().reverse(), gl.DYNAMIC_DRAW);
    [known.values, known.version] = [values, version];
  }

  leave() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  get lost() {
    return this.gl.isContextLost();
  }

  paint(context, scene, passes, ground) {
    const { gl, canvas, at } = this;
    const { width, height } = context.canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.fillStyle = `rgb(${scene.paper})`;
    context.fillRect(0, 0, width, height);
    if (ground) context.drawImage(ground, 0, 0, width, height);
    if (!passes.length) return;
    for (const name of ["x", "y"]) this.send(name, scene[name], scene.moves);
    this.send("paint", scene.colours, scene.version);
    gl.viewport(0, 0, width, height);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(at("size"), width, height);
    gl.uniform2f(at("middle"), scene.middle[0], scene.middle[1]);
    gl.uniform1f(at("scale"), scene.scale);
    for (const { level, radius, alpha, colour } of passes) {
      gl.uniform1f(at("level"), level);
      gl.uniform1f(at("radius"), radius);
      gl.uniform1f(at("alpha"), alpha);
      const bands = colour === null ? [0, 0, 0, 0] : [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255, 255];
      gl.uniform4f(at("one"), ...bands.map((band) => band / 255));
      gl.drawArrays(gl.POINTS, 0, scene.n);
    }
    context.drawImage(canvas, 0, 0);
  }
}
