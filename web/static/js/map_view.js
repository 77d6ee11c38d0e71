// Where one looks on the map, and the hands that move it: mouse, fingers, wheel, keys, the lasso.

const STEP = 80; // pixels of an arrow key
const FACTOR = 1.35; // of a key or button that zooms
const CLICK = 5; // pixels that a hand may tremble between pressing and letting go
const REACH = 12; // pixels from a point at which it is meant
const SPACING = 4; // pixels between two corners of the lasso's line
const DEEPEST = 400; // times the whole map

export class View {
  // `on` is told: moved(), pointed(at, x, y), opened(at, touch), drawn(line), chosen(list of at).
  constructor(canvas, points, on) {
    Object.assign(this, { canvas, points, on, x: 0, y: 0, scale: 1, tool: "move" });
    this.counts = () => true; // which points can be pointed at and chosen
    this.fingers = new Map();
    this.line = null;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", (event) => this.drop(event));
    canvas.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") on.pointed(-1); // a finger leaves whenever it is lifted
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 18 : 1;
      const by = Math.max(-120, Math.min(120, event.deltaY * lines));
      this.zoom(Math.exp(-by * (event.ctrlKey ? 0.012 : 0.003)), ...this.spot(event));
    }, { passive: false });
  }

  get size() {
    return [this.canvas.clientWidth, this.canvas.clientHeight];
  }

  get whole() {
    const [width, height] = this.size;
    return 0.94 * Math.min(width / this.points.aspect, height);
  }

  // The whole map in sight.
  fit() {
    Object.assign(this, { x: this.points.aspect / 2, y: 0.5, scale: this.whole });
    this.on.moved();
  }

  // Some points in sight, with room around them.
  fitTo(list) {
    let box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const at of list) {
      const [x, y] = [this.points.planeX(at), this.points.planeY(at)];
      box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)];
    }
    const [width, height] = this.size;
    const wanted = 0.85 * Math.min(width / (box[2] - box[0] || 0.01), height / (box[3] - box[1] || 0.01));
    Object.assign(this, { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2 });
    this.scale = Math.min(this.whole * 12, Math.max(this.whole, wanted));
    this.on.moved();
  }

  toPlane(px, py) {
    const [width, height] = this.size;
    return [this.x + (px - width / 2) / this.scale, this.y + (py - height / 2) / this.scale];
  }

  toPixels(at) {
    const [width, height] = this.size;
    const [x, y] = [this.points.planeX(at), this.points.planeY(at)];
    return [(x - this.x) * this.scale + width / 2, (y - this.y) * this.scale + height / 2];
  }

  pan(px, py) {
    this.x = Math.min(this.points.aspect, Math.max(0, this.x - px / this.scale));
    this.y = Math.min(1, Math.max(0, this.y - py / this.scale));
    this.on.moved();
  }

  zoom(by, px = this.size[0] / 2, py = this.size[1] / 2) {
    const [x, y] = this.toPlane(px, py);
    this.scale = Math.min(this.whole * DEEPEST, Math.max(this.whole * 0.5, this.scale * by));
    const [after, below] = this.toPlane(px, py);
    this.x += x - after;
    this.y += y - below;
    this.on.moved();
  }

  closer() {
    this.zoom(FACTOR);
  }

  farther() {
    this.zoom(1 / FACTOR);
  }

  inSight() {
    const [width, height] = this.size;
    this.on.chosen(this.points.inBox(...this.toPlane(0, 0), ...this.toPlane(width, height), this.counts));
  }

  // ---- hands

  spot(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    if (event.button > 1) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.spot(event));
    this.pressed = this.fingers.size === 1 ? this.spot(event) : null; // two fingers never click
    const lasso = this.fingers.size === 1 && event.button === 0 && (this.tool === "lasso" || event.shiftKey);
    this.line = lasso ? [this.spot(event)] : null;
    this.on.drawn(this.line);
    this.on.pointed(-1);
  }

  move(event) {
    const [px, py] = this.spot(event);
    const before = this.fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") this.on.pointed(this.under(px, py), px, py);
      return;
    }
    if (this.pressed && Math.hypot(px - this.pressed[0], py - this.pressed[1]) > CLICK) this.pressed = null;
    if (this.line) {
      const [lx, ly] = this.line.at(-1);
      if (Math.hypot(px - lx, py - ly) < SPACING) return;
      this.line.push([px, py]);
      this.on.drawn(this.line);
      return;
    }
    if (this.fingers.size === 2) {
      const other = [...this.fingers].find(([id]) => id !== event.pointerId)[1];
      const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
      this.zoom(apart([px, py]) / apart(before), (px + other[0]) / 2, (py + other[1]) / 2);
      this.pan((px - before[0]) / 2, (py - before[1]) / 2);
    } else if (this.pressed === null) {
      this.pan(px - before[0], py - before[1]);
    } else return; // not moved enough yet: what it was pressed at stays under it
    this.fingers.set(event.pointerId, [px, py]);
  }

  release(event) {
    const [px, py] = this.spot(event);
    const { line, pressed } = this;
    this.drop(event);
    if (line && line.length > 2) {
      this.on.chosen(this.points.inside(line.map((spot) => this.toPlane(...spot)), this.counts));
    } else if (pressed) {
      const at = this.under(px, py);
      const touch = event.pointerType === "touch";
      if (touch) this.on.pointed(at, px, py);
      if (at >= 0) this.on.opened(at, touch);
    }
  }

  drop(event) {
    this.fingers.delete(event.pointerId);
    this.line = null;
    this.pressed = null;
    this.on.drawn(null);
  }

  under(px, py) {
    return this.points.nearest(...this.toPlane(px, py), REACH / this.scale, this.counts);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      ArrowLeft: () => this.pan(STEP, 0),
      ArrowRight: () => this.pan(-STEP, 0),
      ArrowUp: () => this.pan(0, STEP),
      ArrowDown: () => this.pan(0, -STEP),
      Enter: () => this.inSight(),
    }[event.code];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
