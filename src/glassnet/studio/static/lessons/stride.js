// Stride and padding: where the window stands along one side, and what that makes of a picture.
import { html, freshId, useMemo, useState } from "../parts/html.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Fields, Grid, Slider } from "./parts/inputs.js";
import { Beside, Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { Waits, same } from "./written.js";

const CELL = 26;
const LEFT = 74;
const KNOWN = [["the middle", [[0, 0, 0], [0, 1, 0], [0, 0, 0]]], ["its right", [[0, 0, 0], [0, 0, 1], [0, 0, 0]]], ["all nine", [[1, 1, 1], [1, 1, 1], [1, 1, 1]]]];

export default function Body({ lesson }) {
  return html`<${Line} start=${lesson.computes.size} /><${Over} start=${lesson.computes.convolve} />`;
}

function Line({ start }) {
  const [size, setSize] = useShared("size", start.size);
  const [kernel, setKernel] = useShared("kernel", start.kernel);
  const [stride, setStride] = useShared("stride", start.stride);
  const [padding, setPadding] = useShared("padding", start.padding);
  const [dilation, setDilation] = useShared("dilation", start.dilation);
  const found = useCompute("stride", "size", { size, kernel, stride, padding, dilation });
  const made = found.value;
  return html`<${Piece} title="How many windows fit" error=${found.error}
    try="One side of a picture is drawn, and below it every place of the window. Set the stride to 1, then the padding to 0, and watch how many places are left.">
    <${Fields}>
      <${Slider} label="Pixels" value=${size} min=${3} max=${16} change=${setSize} />
      <${Slider} label="Window" value=${kernel} min=${1} max=${7} change=${setKernel} />
      <${Slider} label="Stride" value=${stride} min=${1} max=${4} change=${setStride} />
      <${Slider} label="Padding at each end" value=${padding} min=${0} max=${3} change=${setPadding} />
      <${Slider} label="Dilation" value=${dilation} min=${1} max=${3} change=${setDilation} note="1: the window has no gaps" />
    </${Fields}>
    ${made ? html`<${Drawn} made=${made} asked=${found.of} />
      <p class="total-line tabular" role="status">${made.formula.split("=")[0]}= <strong>${made.output}</strong></p>
      <p class="note">(pixels + padding − reach of the window) ÷ stride, rounded down, + 1 = places, and so the size of the map</p>` : html`<${Waits} />`}
  </${Piece}>`;
}

// Cells of the picture with the zeros at its ends, and one row for each place of the window.
function Drawn({ made, asked }) {
  const id = useMemo(() => freshId("windows"), []);
  const all = made.before + asked.size + made.after;
  const x = (place) => LEFT + (place + made.before) * CELL;
  const [width, height] = [LEFT + all * CELL + 2, (made.output + 1) * CELL + 10];
  const box = (place, y, kind) => html`<rect class=${kind} x=${x(place) + 1.5} y=${y + 1.5} width=${CELL - 3} height=${CELL - 3} rx="3" />`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Places of the window"><svg class="chart window-places" width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="img" aria-labelledby=${id}>
    <title id=${id}>${made.output} places. The window begins at pixel ${made.starts.join(", ").replaceAll("-", "−")}.</title>
    <g aria-hidden="true">
      <text x="0" y=${CELL * 0.65}>pixels</text>
      ${Array.from({ length: all }, (_, i) => i - made.before).map((place) => html`<g key=${place}>
        ${box(place, 0, place < 0 || place >= asked.size ? "zero" : "pixel")}
        <text class="inside" x=${x(place) + CELL / 2} y=${CELL * 0.65} text-anchor="middle">${place < 0 || place >= asked.size ? "0" : place}</text></g>`)}
      ${made.starts.map((start, at) => html`<g key=${`at ${at}`}>
        <text x="0" y=${(at + 1.65) * CELL + 6}>place ${at}</text>
        <line class="reach" x1=${x(start) + 4} x2=${x(start) + made.reach * CELL - 4} y1=${(at + 1.5) * CELL + 6} y2=${(at + 1.5) * CELL + 6} />
        ${Array.from({ length: asked.kernel }, (_, k) => box(start + k * asked.dilation, (at + 1) * CELL + 6, "tap"))}</g>`)}
    </g></svg></div>`;
}

function Over({ start }) {
  const [filter, setFilter] = useShared("filter", start.filter);
  const [stride, setStride] = useShared("step", start.stride);
  const [padding, setPadding] = useShared("around", start.padding);
  const [[row, column], setPlace] = useState([0, 0]);
  const found = useCompute("stride", "convolve", { picture: start.picture, filter, stride, padding });
  const side = useCompute("stride", "size", { size: start.picture.length, kernel: filter.length, stride, padding, dilation: 1 });
  const [made, where] = [found.value, side.value];
  const named = KNOWN.find(([, rows]) => same(rows, filter));
  const [y, x] = made ? [Math.min(row, made.height - 1), Math.min(column, made.width - 1)] : [0, 0];
  return html`<${Piece} title="Over a picture" error=${found.error}
    try="The filter takes the pixel in the middle of its window, so you see where each window stands. Click a number of the map; then change the stride to 1 and the padding to “valid”.">
    <${Fields}>
      <${Slider} label="Stride" value=${stride} min=${1} max=${3} change=${setStride} />
      <${Choice} label="Padding" value=${padding} options=${["same", "valid"]} change=${setPadding} note="same: zeros around; valid: none" />
      <${Choice} label="The filter takes" value=${named ? named[0] : ""} options=${KNOWN.map(([name]) => name)} change=${(name) => setFilter(KNOWN.find((one) => one[0] === name)[1])} />
    </${Fields}>
    ${made && where ? html`<${Beside}>
      <${Grid} label="Picture with its padding" title=${where.before + where.after ? "picture with its zeros" : "picture"} values=${padded(start.picture, where)}
        mark=${where.starts[y] === undefined || where.starts[x] === undefined ? null
          : { y: where.starts[y] + where.before, x: where.starts[x] + where.before, height: filter.length, width: filter.length }} />
      <${Grid} label="Filter" title="filter" values=${filter} tint="signed" change=${setFilter} />
      <div><${Grid} label="Map" title="map: click a number" values=${made.map} at=${{ y, x }} pick=${(r, c) => setPlace([r, c])} />
        <p role="status">The map has <strong>${made.height} × ${made.width}</strong> numbers.</p></div>
    </${Beside}>` : html`<${Waits} />`}
  </${Piece}>`;
}

// The picture with the zeros that stand around it.
function padded(picture, { before, after }) {
  const zeros = (count) => Array(count).fill(0);
  const wide = picture.map((line) => [...zeros(before), ...line, ...zeros(after)]);
  const empty = (count) => Array.from({ length: count }, () => zeros(picture[0].length + before + after));
  return [...empty(before), ...wide, ...empty(after)];
}
