// The points of the map as they come over the wire: typed columns, and finding among them.

const SIDE = 65535; // places along a side
const CELLS = 256; // of the grid along a side, in which a point's neighbours are looked up

// Reads what /map/map.bin answers: points, and their legend behind them.
export function read(buffer) {
  const head = new DataView(buffer);
  if (head.getUint32(0) !== 0x46514d31) throw new Error("These are no points of a map."); // FQM1
  const n = head.getUint32(4, true);
  let at = 8;
  const column = (Kind) => {
    const found = new Kind(buffer, at, n);
    at += found.byteLength;
    return found;
  };
  const [ids, x, y] = [column(Uint32Array), column(Uint16Array), column(Uint16Array)];
  const [faq, day, outcome] = [column(Uint16Array), column(Uint16Array), column(Uint8Array)];
  const legend = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, at)));
  return new Points({ n, ids, x, y, faq, day, outcome, legend });
}

// On the plane, x runs from 0 to `aspect` and y from 0 to 1.
class Points {
  constructor(columns) {
    Object.assign(this, columns);
    this.aspect = Math.min(4, Math.max(0.25, this.legend.aspect || 1));
    this.index();
  }

  // Points by the cell of a grid: `order` lists them cell by cell, `from` says where each begins.
  index() {
    const cell = (at) => (this.y[at] >> 8) * CELLS + (this.x[at] >> 8);
    this.from = new Uint32Array(CELLS * CELLS + 1);
    for (let at = 0; at < this.n; at += 1) this.from[cell(at) + 1] += 1;
    for (let at = 0; at < CELLS * CELLS; at += 1) this.from[at + 1] += this.from[at];
    const next = this.from.slice();
    this.order = new Uint32Array(this.n);
    for (let at = 0; at < this.n; at += 1) {
      this.order[next[cell(at)]] = at;
      next[cell(at)] += 1;
    }
  }

  planeX(at) {
    return (this.x[at] / SIDE) * this.aspect;
  }

  planeY(at) {
    return this.y[at] / SIDE;
  }

  // Calls `each(at)` for the points in the cells that a box on the plane touches.
  near(x0, y0, x1, y1, each) {
    const cell = (value) => Math.min(CELLS - 1, Math.max(0, Math.floor((value * SIDE) / 256)));
    const [left, right] = [cell(x0 / this.aspect), cell(x1 / this.aspect)];
    for (let row = cell(y0); row <= cell(y1); row += 1) {
      const [from, to] = [this.from[row * CELLS + left], this.from[row * CELLS + right + 1]];
      for (let at = from; at < to; at += 1) each(this.order[at]);
    }
  }

  // The point that is nearest to a place, within a distance; -1 where there is none.
  nearest(x, y, within, counts) {
    let [best, least] = [-1, within * within];
    this.near(x - within, y - within, x + within, y + within, (at) => {
      const far = (this.planeX(at) - x) ** 2 + (this.planeY(at) - y) ** 2;
      if (far <= least && counts(at)) [best, least] = [at, far];
    });
    return best;
  }

  // The points within a box.
  inBox(x0, y0, x1, y1, counts) {
    const found = [];
    this.near(x0, y0, x1, y1, (at) => {
      const [x, y] = [this.planeX(at), this.planeY(at)];
      if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && counts(at)) found.push(at);
    });
    return found;
  }

  // The points within a closed line: [[x, y], ...]. A ray to the left crosses it an odd number of times.
  inside(line, counts) {
    const xs = line.map(([x]) => x);
    const ys = line.map(([, y]) => y);
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    return this.inBox(...box, counts).filter((at) => {
      const [x, y] = [this.planeX(at), this.planeY(at)];
      let odd = false;
      for (let one = 0, other = line.length - 1; one < line.length; other = one, one += 1) {
        if (ys[one] > y === ys[other] > y) continue;
        if (x < ((xs[other] - xs[one]) * (y - ys[one])) / (ys[other] - ys[one]) + xs[one]) odd = !odd;
      }
      return odd;
    });
  }
}
