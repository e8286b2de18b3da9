// A picture on a lesson's page, and the choice of one.
//   const picture = usePicture(run);                         // `picture.given` is what a computation takes as its `picture`
//   <${PictureChoice} picture=${picture} />                 // built-in ones, one of the reader's run, a file, a drawing
//   const found = useCompute("pixels", "look", { picture: picture.given })
//   <${Picture} bytes=${found.value.bytes} label="The picture" at=${{ y, x }} mark=${{ y, x, height, width }} point=${(y, x) => …} pick=${(y, x) => …} />
// The choice stands in the address as `picture`: a name, run, run:SEED, dropped:ID, or drawn-… with the drawing itself.
import { html, freshId, useCallback, useEffect, useMemo, useRef, useState } from "../../parts/html.js";
import { send } from "../../parts/api.js";
import { isDrawn, read, written } from "../../parts/drawn.js";
import { Pad } from "../../parts/pad.js";
import { Wrong } from "../../parts/show.js";
import { useShared } from "./shared.js";

const SIDE = 28;
const NAMES = { xo: "an X", shapes: "shapes", x: "a 9 × 9 X" };

export function usePicture(run, start = run ? "run" : "xo", key = "picture") {
  const [choice, setChoice] = useShared(key, start);
  const given = useMemo(() => meant(choice, run), [choice, run]);
  return { choice, setChoice, given, run };
}

// What the server is told of a choice. A run that is no longer chosen gives way to the built-in X.
export function meant(choice, run) {
  if (isDrawn(choice)) return rowsOf(read(choice)) || "xo";
  const [kind, which] = choice.split(":");
  if (kind === "run") return run ? { run, seed: Number(which) || 0 } : "xo";
  if (kind === "dropped" && which) return { dropped: which };
  return kind in NAMES ? kind : "xo";
}

export function PictureChoice({ picture, label = "Picture", names = ["xo", "shapes"] }) {
  const { choice, setChoice, run } = picture;
  const id = useMemo(() => freshId("picture"), []);
  const [error, setError] = useState("");
  const [over, setOver] = useState(false);
  const file = useRef(null);
  const kind = isDrawn(choice) ? "drawn" : choice.split(":")[0];
  const seed = Number(choice.split(":")[1]) || 0;
  const take = (given) => {
    if (!given) return;
    setError("");
    send("/api/pictures", given).then((found) => setChoice(`dropped:${found.id}`), (wrong) => setError(wrong.message));
  };
  const button = (name, text, press = () => setChoice(name)) => html`<button type="button" class="button" aria-pressed=${kind === name} onClick=${press}>${text}</button>`;
  return html`<div class=${`field choice lesson-pictures ${over ? "over" : ""}`} role="group" aria-labelledby=${id}
      onDragOver=${(event) => { event.preventDefault(); setOver(true); }} onDragLeave=${() => setOver(false)}
      onDrop=${(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files[0]); }}>
    <p class="label" id=${id}>${label}</p>
    <div class="row">
      ${names.map((name) => button(name, NAMES[name]))}
      ${run ? button("run", kind === "run" ? "another of your run" : "of your run", () => setChoice(kind === "run" ? `run:${seed + 1}` : "run")) : null}
      ${button("drawn", "draw one", () => setChoice(EMPTY))}
      ${button("dropped", "a file …", () => file.current.click())}
      <input ref=${file} class="hidden" type="file" accept="image/*" tabindex="-1" aria-hidden="true" onChange=${(event) => { take(event.target.files[0]); event.target.value = ""; }} />
    </div>
    <p class="note">A file can also be dropped here. It stays on this machine.</p>
    <${Wrong} text=${error} />
    ${kind === "drawn" ? html`<${Drawing} choice=${choice} change=${setChoice} />` : null}
  </div>`;
}

function Drawing({ choice, change }) {
  const found = useMemo(() => read(choice), [choice]);
  const size = found ? found.size : [SIDE, SIDE];
  return html`<div class="lesson-drawing"><${Pad} size=${size} value=${found && found.pixels} label="Draw a picture" presets=${["x", "o", "circle", "triangle"]}
    change=${(pixels) => change(written(pixels, size))} /></div>`;
}

const EMPTY = written(new Uint8Array(SIDE * SIDE), [SIDE, SIDE]);

// A drawing as a computation takes it, row by row; null where there is none.
function rowsOf(drawing) {
  if (!drawing) return null;
  const { pixels, size: [height, width] } = drawing;
  return Array.from({ length: height }, (_, y) => Array.from(pixels.subarray(y * width, (y + 1) * width)));
}

// Draw bytes [channel][row][column] into a canvas, one pixel each.
export function paint(canvas, bytes) {
  const [height, width] = [bytes[0].length, bytes[0][0].length];
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const i = 4 * (y * width + x);
      for (let c = 0; c < 3; c += 1) image.data[i + c] = bytes[bytes.length === 3 ? c : 0][y][x];
      image.data[i + 3] = 255;
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// `only`: the number of one colour, shown in its own colour. `at` is a pixel, `mark` a window or a list of them.
export function Picture({ bytes, label, at = null, mark = null, point = null, pick = null, only = null, small = false }) {
  const canvas = useRef(null);
  const [height, width] = [bytes[0].length, bytes[0][0].length];
  useEffect(() => {
    const empty = bytes[0].map((row) => row.map(() => 0));
    paint(canvas.current, only === null || bytes.length === 1 ? bytes : bytes.map((each, c) => (c === only ? each : empty)));
  }, [bytes, only]);
  const active = point || pick;
  const place = useCallback((event) => {
    const box = canvas.current.getBoundingClientRect();
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    return [Math.max(0, Math.min(height - 1, y)), Math.max(0, Math.min(width - 1, x))];
  }, [height, width]);
  const walk = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const now = at || { y: Math.floor(height / 2), x: Math.floor(width / 2) };
    if (step && point) point(Math.max(0, Math.min(height - 1, now.y + step[0])), Math.max(0, Math.min(width - 1, now.x + step[1])));
    else if (pick && (event.key === "Enter" || event.key === " ")) pick(now.y, now.x);
    else return;
    event.preventDefault();
  };
  const marks = [...(mark === null ? [] : Array.isArray(mark) ? mark : [mark]), ...(at ? [{ ...at, height: 1, width: 1, pixel: true }] : [])];
  return html`<div class=${`lesson-picture ${small ? "small" : ""} ${active ? "open" : ""}`} style=${{ aspectRatio: `${width} / ${height}` }}
      role=${active ? "application" : "img"} aria-label=${active ? `${label}. Arrow keys move from pixel to pixel.` : label} tabindex=${active ? 0 : null}
      onPointerMove=${point ? (event) => point(...place(event)) : null} onPointerDown=${point ? (event) => point(...place(event)) : null}
      onClick=${pick ? (event) => pick(...place(event)) : null} onKeyDown=${active ? walk : null}>
    <canvas ref=${canvas} width=${width} height=${height}></canvas>
    <svg viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">${marks.map((one) => html`
      <rect class="under" x=${one.x} y=${one.y} width=${one.width} height=${one.height} />
      <rect class=${one.pixel ? "pixel" : ""} x=${one.x} y=${one.y} width=${one.width} height=${one.height} />`)}</svg>
  </div>`;
}
