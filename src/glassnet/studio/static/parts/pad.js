// A pad to draw on with a mouse, a finger, a pen or the keyboard. It holds nothing: what is drawn is its `value`.
//
//   <${Pad} size=${[32, 32]} value=${pixels} change=${(pixels, done) => …} label="Draw an X or an O" />
//
// size     [height, width] in pixels of the drawing
// value    Uint8Array of height × width greys, or null for an empty pad
// change   is called with a new Uint8Array at every movement; `done` is true where a stroke ends, a figure is chosen, or all is cleared
// label    what a screen reader calls it
// ink      "white-on-black" (default), "black-on-white", or {ink, paper} as greys from 0 to 255
// brush    width of the stroke as a share of the shorter side (0.09)
// tool     "pen" (default), "fill" (what the stroke goes around is filled when it ends), or "eraser"
// presets  names of ready-made figures: x, o, 0 to 9, circle, square, triangle; [] for none
// clear    false leaves the button "Clear" out
// children more controls, shown beside the buttons
import { freshId, html, useLayoutEffect, useMemo, useRef, useState } from "./html.js";
import { TONES, blank, erase, figureName, figured, fill, stroke } from "./drawing.js";

const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export function Pad({ size, value, change, label, ink = "white-on-black", brush = 0.09, tool = "pen", presets = [], clear = true, children }) {
  const [height, width] = size;
  const tone = TONES[ink] || ink;
  const radius = (brush * Math.min(height, width)) / 2;
  const canvas = useRef(null);
  const line = useRef(null); // the points of the stroke under way
  const latest = useRef(value);
  const [cursor, setCursor] = useState(null); // of the keyboard
  const [down, setDown] = useState(false);
  const id = useMemo(() => freshId("pad"), []);
  if (!line.current) latest.current = value;

  useLayoutEffect(() => paint(canvas.current, value || blank(size, tone), size), [value, height, width, tone.paper]);

  const tell = (pixels, done) => { latest.current = pixels; change(pixels, done); };
  const copy = () => (latest.current ? latest.current.slice() : blank(size, tone));
  const mark = (pixels, from, to) => (tool === "eraser" ? erase : stroke)(pixels, size, from, to, tool === "fill" ? Math.min(radius, 1) : radius, tone);
  const under = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  const end = () => {
    if (!line.current) return;
    const pixels = copy();
    if (tool === "fill" && line.current.length > 2) fill(pixels, size, line.current, tone);
    line.current = null;
    tell(pixels, true);
  };
  const start = (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.current.setPointerCapture(event.pointerId);
    canvas.current.focus({ preventScroll: true });
    setCursor(null);
    setDown(false);
    line.current = [under(event)];
    const pixels = copy();
    mark(pixels, line.current[0], line.current[0]);
    tell(pixels, false);
  };
  const move = (event) => {
    if (!line.current) return;
    const pixels = copy();
    const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of all.length ? all : [event]) {
      const point = under(each);
      mark(pixels, line.current.at(-1), point);
      line.current.push(point);
    }
    tell(pixels, false);
  };
  const middle = ([x, y]) => [x + 0.5, y + 0.5];
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = cursor || [Math.floor(width / 2), Math.floor(height / 2)];
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      setCursor(at);
      setDown(!down);
      if (down) { end(); return; }
      line.current = [middle(at)];
      const pixels = copy();
      mark(pixels, middle(at), middle(at));
      tell(pixels, false);
      return;
    }
    const step = MOVES[event.key];
    if (!step) return;
    event.preventDefault();
    const next = [Math.min(Math.max(at[0] + step[0], 0), width - 1), Math.min(Math.max(at[1] + step[1], 0), height - 1)];
    setCursor(cursor ? next : at);
    if (!down || !line.current) return;
    const pixels = copy();
    mark(pixels, middle(at), middle(next));
    line.current.push(middle(next));
    tell(pixels, false);
  };
  const leave = () => { end(); setCursor(null); setDown(false); };
  const whole = (pixels) => { line.current = null; setDown(false); tell(pixels, true); };
  const share = (n, of) => `${(100 * n) / of}%`;
  return html`<div class="pad">
    <div class="pad-board" style=${{ aspectRatio: `${width} / ${height}` }}>
      <canvas ref=${canvas} width=${width} height=${height} tabindex="0" role="application" aria-label=${label} aria-describedby=${id}
        onPointerDown=${start} onPointerMove=${move} onPointerUp=${end} onPointerCancel=${end} onKeyDown=${key} onBlur=${leave}></canvas>
      ${cursor ? html`<span class=${`pad-cursor ${down ? "down" : ""}`}
        style=${{ left: share(cursor[0], width), top: share(cursor[1], height), width: share(1, width), height: share(1, height) }}></span>`
        : !value || value.every((each) => each === value[0]) ? html`<span class="pad-hint" aria-hidden="true">Draw here</span>` : null}
    </div>
    <p class="hidden" id=${id}>Arrow keys move the cursor. Space puts the pen down and lifts it.</p>
    <p class="hidden" role="status">${cursor ? `${down ? "Pen down" : "Pen up"}, row ${cursor[1]}, column ${cursor[0]}` : ""}</p>
    <div class="pad-tools">
      ${presets.map((name) => html`<button type="button" class="button small" aria-label=${`Draw ${figureName(name)}`} key=${name}
        onClick=${() => whole(figured(name, size, tone, brush))}>${figureName(name)}</button>`)}
      ${clear ? html`<button type="button" class="button small" onClick=${() => whole(blank(size, tone))}>Clear</button>` : null}
      ${children}
    </div>
  </div>`;
}

function paint(canvas, pixels, [height, width]) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    image.data.fill(pixels[i], 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
