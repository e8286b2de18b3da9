// Drawing in grey pixels: strokes, filled outlines and ready-made figures, as coverage of each pixel. Nothing here knows of the page.
//
// A drawing is a Uint8Array of height × width greys. `tone` is {ink, paper}, two greys. Points are [x, y] in pixels, from the upper left
// corner of the first pixel on.

export const TONES = { "white-on-black": { ink: 255, paper: 0 }, "black-on-white": { ink: 0, paper: 255 } };

export const blank = ([height, width], tone) => new Uint8Array(height * width).fill(tone.paper);

export const isBlank = (pixels) => !pixels || pixels.every((value) => value === pixels[0]);

// Lay `cover` (0 to 1) of ink over one pixel; where strokes cross, the greater counts.
function lay(pixels, at, cover, { ink, paper }) {
  const value = Math.round(paper + (ink - paper) * cover);
  if (ink > paper ? value > pixels[at] : value < pixels[at]) pixels[at] = value;
}

// A round stroke from one point to another, `radius` pixels to either side.
export function stroke(pixels, [height, width], from, to, radius, tone) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const reach = radius + 1;
  const [left, right] = [Math.min(from[0], to[0]) - reach, Math.max(from[0], to[0]) + reach];
  const [top, bottom] = [Math.min(from[1], to[1]) - reach, Math.max(from[1], to[1]) + reach];
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(width, right); x++) {
      const [px, py] = [x + 0.5 - from[0], y + 0.5 - from[1]];
      const share = length ? Math.min(Math.max((px * dx + py * dy) / length, 0), 1) : 0;
      const cover = Math.min(Math.max(radius - Math.hypot(px - share * dx, py - share * dy) + 0.5, 0), 1);
      if (cover) lay(pixels, y * width + x, cover, tone);
    }
  }
}

// Take ink away along a stroke.
export function erase(pixels, size, from, to, radius, { ink, paper }) {
  stroke(pixels, size, from, to, radius, { ink: paper, paper: ink });
}

const FINE = 4; // samples of a pixel along each side

// Fill what a closed line goes around.
export function fill(pixels, [height, width], points, tone) {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let count = 0;
      for (let i = 0; i < FINE * FINE; i++) {
        count += inside(points, x + ((i % FINE) + 0.5) / FINE, y + (Math.floor(i / FINE) + 0.5) / FINE);
      }
      if (count) lay(pixels, y * width + x, count / FINE ** 2, tone);
    }
  }
}

function inside(points, x, y) {
  let within = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [[ax, ay], [bx, by]] = [points[i], points[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

// Part of an ellipse as points; angles in turns from the right, clockwise on the screen.
function arc(x, y, across, down, from = 0, to = 1) {
  const count = Math.max(3, Math.ceil(32 * Math.abs(to - from)));
  return Array.from({ length: count + 1 }, (_, i) => {
    const angle = 2 * Math.PI * (from + ((to - from) * i) / count);
    return [x + across * Math.cos(angle), y + down * Math.sin(angle)];
  });
}

// Figures in the square from −1 to 1: lines to be stroked, or an outline to be filled.
const FIGURES = {
  x: { name: "X", lines: [[[-0.5, -0.5], [0.5, 0.5]], [[0.5, -0.5], [-0.5, 0.5]]] },
  o: { name: "O", lines: [arc(0, 0, 0.52, 0.52)] },
  circle: { name: "circle", outline: arc(0, 0, 0.5, 0.5) },
  square: { name: "square", outline: [[-0.45, -0.45], [0.45, -0.45], [0.45, 0.45], [-0.45, 0.45]] },
  triangle: { name: "triangle", outline: [[0, -0.68], [0.59, 0.34], [-0.59, 0.34]] },
  0: { name: "0", lines: [arc(0, 0, 0.42, 0.75)] },
  1: { name: "1", lines: [[[-0.25, -0.45], [0.08, -0.75], [0.08, 0.78]]] },
  2: { name: "2", lines: [[...arc(0, -0.38, 0.4, 0.38, -0.5, 0.1), [-0.42, 0.76], [0.5, 0.76]]] },
  3: { name: "3", lines: [arc(-0.02, -0.4, 0.4, 0.36, -0.45, 0.25), arc(-0.02, 0.36, 0.44, 0.4, -0.25, 0.45)] },
  4: { name: "4", lines: [[[0.05, -0.76], [-0.45, 0.2], [0.5, 0.2]], [[0.2, -0.2], [0.12, 0.78]]] },
  5: { name: "5", lines: [[[0.42, -0.74], [-0.32, -0.74], [-0.36, -0.1], ...arc(-0.02, 0.3, 0.42, 0.44, -0.32, 0.42)]] },
  6: { name: "6", lines: [[[0.25, -0.76], [-0.3, -0.1], ...arc(0.02, 0.34, 0.38, 0.42, -0.5, 0.5)]] },
  7: { name: "7", lines: [[[-0.45, -0.74], [0.45, -0.74], [-0.12, 0.78]]] },
  8: { name: "8", lines: [arc(0, -0.38, 0.34, 0.36), arc(0, 0.38, 0.4, 0.4)] },
  9: { name: "9", lines: [[...arc(-0.02, -0.34, 0.38, 0.4, 0, 1), [0.3, 0.78]]] },
};

export const figureName = (figure) => FIGURES[figure].name;

// A drawing of a figure, in the middle. `brush` is the width of a stroke as a share of the shorter side.
export function figured(figure, size, tone, brush) {
  const pixels = blank(size, tone);
  const [height, width] = size;
  const half = Math.min(height, width) / 2;
  const placed = (points) => points.map(([x, y]) => [width / 2 + half * x, height / 2 + half * y]);
  const { lines, outline } = FIGURES[figure];
  if (outline) fill(pixels, size, placed(outline), tone);
  for (const line of (lines || []).map(placed)) {
    for (let i = 1; i < line.length; i++) stroke(pixels, size, line[i - 1], line[i], brush * half, tone);
  }
  return pixels;
}

// The same drawing in other tones.
export function toned(pixels, from, to) {
  return pixels.map((value) => Math.round(to.paper + ((to.ink - to.paper) * (value - from.paper)) / (from.ink - from.paper)));
}
