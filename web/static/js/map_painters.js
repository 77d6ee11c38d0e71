// Two ways to draw many points: WebGL, and where there is none, the pixels of a plain canvas.
// Both have setPoints(points), setColours(bytes), resize(width, height) and draw(view): `view` has
// x and y, the place on the plane that stands in the middle, `scale`, pixels for 1 of the plane, and
// `size`, pixels of a point. Points of rank 0 are drawn first, those of rank 2 last and larger.

const LARGER = 1.6; // times the size of others, what is marked

const VERTEX = `#version 300 es
in vec2 place; in vec4 colour;
uniform vec2 stretch; uniform vec2 shift; uniform float size; uniform float rank;
out vec3 shade; out float soft;
void main() {
  shade = colour.rgb;
  float own = floor(colour.a * 255.0 + 0.5);
  bool drawn = own == rank;
  gl_Position = drawn ? vec4(place * stretch + shift, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = own == 2.0 ? size * ${LARGER} : size;
  soft = 0.75 / gl_PointSize; // the edge fades over less than a pixel
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec3 shade; in float soft; out vec4 drawn;
void main() {
  float far = length(gl_PointCoord - 0.5);
  float solid = 1.0 - smoothstep(0.5 - soft, 0.5, far);
  if (solid <= 0.0) discard;
  drawn = vec4(shade * solid, solid);
}`;

const IMITATED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

// `wish` names one of the two, for who wants to compare them.
export function painter(canvas, wish = "") {
  if (wish !== "canvas" && (wish === "webgl" || hasGraphics())) {
    const gl = canvas.getContext("webgl2", { antialias: false });
    if (gl) return new Shaded(canvas, gl);
  }
  return new Pixels(canvas);
}

// Whether something draws that is made for it: where the processor imitates it, writing the pixels
// ourselves takes a fraction of the time (100,000 points: 20 ms, not 100).
function hasGraphics() {
  const probe = document.createElement("canvas");
  const gl = probe.getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (!gl) return false;
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  const name = gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !IMITATED.test(name);
}

class Shaded {
  constructor(canvas, gl) {
    Object.assign(this, { canvas, gl, name: "webgl", lost: false });
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.lost = true;
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.lost = false;
      this.begin();
      if (this.points) this.setPoints(this.points);
      if (this.colours) this.setColours(this.colours);
      canvas.dispatchEvent(new Event("repaint"));
    });
    this.begin();
  }

  begin() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(program));
    }
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.at = (name) => gl.getUniformLocation(program, name);
    this.buffers = {};
    for (const [name, count, kind] of [["place", 2, gl.UNSIGNED_SHORT], ["colour", 4, gl.UNSIGNED_BYTE]]) {
      this.buffers[name] = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      const where = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(where);
      gl.vertexAttribPointer(where, count, kind, true, 0, 0);
    }
  }

  setPoints(points) {
    this.points = points;
    const places = new Uint16Array(points.n * 2);
    for (let at = 0; at < points.n; at += 1) {
      places[2 * at] = points.x[at];
      places[2 * at + 1] = points.y[at];
    }
    this.fill("place", places);
  }

  setColours(colours) {
    this.colours = colours;
    this.ranks = ranks(colours);
    this.fill("colour", colours);
  }

  fill(name, values) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[name]);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.STATIC_DRAW);
  }

  resize(width, height) {
    Object.assign(this.canvas, { width, height });
    this.gl.viewport(0, 0, width, height);
  }

  draw(view) {
    const { gl, canvas, points } = this;
    if (this.lost || !points) return;
    const [across, down] = [(2 * view.scale) / canvas.width, (-2 * view.scale) / canvas.height];
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(this.at("stretch"), points.aspect * across, down);
    gl.uniform2f(this.at("shift"), -view.x * across, -view.y * down);
    gl.uniform1f(this.at("size"), view.size);
    for (const rank of this.ranks) {
      gl.uniform1f(this.at("rank"), rank);
      gl.drawArrays(gl.POINTS, 0, points.n);
    }
  }
}

class Pixels {
  constructor(canvas) {
    Object.assign(this, { canvas, name: "canvas", context: canvas.getContext("2d") });
  }

  setPoints(points) {
    this.points = points;
  }

  // Colours as whole pixels in the machine's own order of bytes, each rank's points by themselves.
  setColours(colours) {
    this.ranks = ranks(colours).map((rank) => {
      const members = [];
      for (let at = 0; at < this.points.n; at += 1) if (colours[at * 4 + 3] === rank) members.push(at);
      return { rank, members: Uint32Array.from(members) };
    });
    const solid = colours.slice();
    for (let at = 3; at < solid.length; at += 4) solid[at] = 255;
    this.shades = new Uint32Array(solid.buffer);
  }

  resize(width, height) {
    Object.assign(this.canvas, { width, height });
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  draw(view) {
    const { points, pixels } = this;
    if (!points || !pixels) return;
    const { width, height } = this.canvas;
    pixels.fill(0);
    const across = (points.aspect * view.scale) / 65535;
    const down = view.scale / 65535;
    const [left, top] = [width / 2 - view.x * view.scale, height / 2 - view.y * view.scale];
    for (const { rank, members } of this.ranks) {
      const stamp = disc(rank === 2 ? view.size * LARGER : view.size, width);
      for (let each = 0; each < members.length; each += 1) {
        const at = members[each];
        const x = Math.round(points.x[at] * across + left);
        const y = Math.round(points.y[at] * down + top);
        if (x < stamp.reach || y < stamp.reach || x >= width - stamp.reach || y >= height - stamp.reach) continue;
        const middle = y * width + x;
        const shade = this.shades[at];
        for (let step = 0; step < stamp.steps.length; step += 1) pixels[middle + stamp.steps[step]] = shade;
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }
}

// The pixels of a dot, as steps from its middle. Odd widths look round; two pixels are a square.
function disc(size, width) {
  if (size < 1.5) return { steps: [0], reach: 1 };
  if (size < 2.5) return { steps: [0, 1, width, width + 1], reach: 2 };
  const reach = Math.max(1, Math.round((size - 1) / 2));
  const radius = reach + 0.5;
  const steps = [];
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      if (x * x + y * y <= radius * radius + 0.25) steps.push(y * width + x);
    }
  }
  return { steps, reach };
}

function ranks(colours) {
  const there = [false, false, false];
  for (let at = 3; at < colours.length; at += 4) there[colours[at]] = true;
  return [0, 1, 2].filter((rank) => there[rank]);
}
