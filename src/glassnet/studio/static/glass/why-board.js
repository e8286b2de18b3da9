// A picture as the network sees it, with heat laid over it, one of its pixels pointed at by mouse or keys, and a part of it outlined.
import { html, useLayoutEffect, useRef, useState } from "../parts/html.js";
import { draw, prepare } from "/script/colours.js";
import { colours } from "/script/scale.js";

prepare({ colours });

const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// `picture` {shape [h, w, C], bytes}; `heat` float32 values of the same h × w, `most` the size that gets the full colour, `over` how much of
// it is laid over; `box` [x1, y1, x2, y2] is outlined. `point` and `pick` are told [row, column]; `point` also null.
export function Board({ picture, heat = null, most = 1, over = 1, box = null, label, reading = null, point = null, pick = null }) {
  const [height, width] = picture.shape;
  const ground = useRef(null);
  const cover = useRef(null);
  const [at, setAt] = useState(null);
  useLayoutEffect(() => drawGround(ground.current, picture, heat !== null), [picture, heat === null]);
  useLayoutEffect(() => { if (heat) drawHeat(cover.current, heat, height, width, most); }, [heat, most]);

  const go = (place) => {
    setAt(place);
    if (point) point(place);
  };
  const under = (event) => {
    const area = event.currentTarget.getBoundingClientRect();
    const inside = (share, side) => Math.min(Math.max(Math.floor(share * side), 0), side - 1);
    return [inside((event.clientY - area.top) / area.height, height), inside((event.clientX - area.left) / area.width, width)];
  };
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (pick && at && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      pick(at);
    }
    const step = KEYS[event.key];
    if (!step) return;
    event.preventDefault();
    const [row, column] = at || [Math.floor(height / 2) - step[0], Math.floor(width / 2) - step[1]];
    go([Math.min(Math.max(row + step[0], 0), height - 1), Math.min(Math.max(column + step[1], 0), width - 1)]);
  };
  return html`<div class=${`why-board ${pick ? "picks" : ""}`} role="application" tabindex="0" aria-label=${label} aria-describedby=${reading}
    style=${{ aspectRatio: `${width} / ${height}`, maxWidth: `calc(min(24rem, 60vh) * ${Math.max(width / height, 0.3)})` }}
    onPointerMove=${(event) => go(under(event))} onPointerLeave=${() => go(null)} onBlur=${() => go(null)} onKeyDown=${key}
    onClick=${(event) => pick && pick(under(event))}>
    <canvas ref=${ground} aria-hidden="true"></canvas>
    ${heat ? html`<canvas ref=${cover} aria-hidden="true" style=${{ opacity: over }}></canvas>` : null}
    ${box ? html`<div class="outlined" style=${placed(box, height, width)}></div>` : null}
    ${at ? html`<div class="pointed" style=${placed([at[1], at[0], at[1] + 1, at[0] + 1], height, width)}></div>` : null}
  </div>`;
}

function placed([left, top, right, bottom], height, width) {
  const part = (value, side) => `${(100 * value) / side}%`;
  return { left: part(left, width), top: part(top, height), width: part(right - left, width), height: part(bottom - top, height) };
}

// Under heat the picture is grey and pale, so that the two colours of the heat are seen alike everywhere.
function drawGround(canvas, { shape: [height, width, channels], bytes }, pale) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let i = 0; i < height * width; i += 1) {
    const colour = [0, 1, 2].map((c) => bytes[i * channels + (channels >= 3 ? c : 0)]);
    const grey = 90 + (150 / 255) * (0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]);
    image.data.set(pale ? [grey, grey, grey, 255] : [...colour, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

function drawHeat(canvas, values, height, width, most) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  draw(canvas, values, 0, height, width, most);
  // What is near zero lets the picture through; the eye sees the root of a share as even steps.
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < values.length; i += 1) image.data[4 * i + 3] = most > 0 ? 255 * Math.sqrt(Math.min(1, Math.abs(values[i]) / most)) : 0;
  context.putImageData(image, 0, 0);
}

const STEPS = 129;

// The scale of the heat over grey: what is against, nothing, what is for.
export function HeatKey({ most, show }) {
  const ramp = useRef(null);
  useLayoutEffect(() => {
    const values = Float32Array.from({ length: STEPS }, (_, at) => (2 * at) / (STEPS - 1) - 1);
    drawHeat(ramp.current, values, 1, STEPS, 1);
  }, []);
  return html`<p class="why-key note tabular"><span>against it ${show(-most)}</span><canvas ref=${ramp} aria-hidden="true"></canvas><span>${show(most)} for it</span></p>`;
}
