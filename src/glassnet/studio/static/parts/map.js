// A map of numbers as a picture: one square of colour for each, on the product's colour scale, or in greys.
//
//   <${Map} values=${floats} shape=${[8, 8]} label="Map 3 of conv1" point=${(y, x) => …} pick=${(y, x) => …} cell=${[2, 3]} />
//
// values  Float32Array or list of rows × columns numbers, row by row
// shape   [rows, columns]
// label   what a screen reader calls it
// scale   "signed" (default): blue below zero, white at zero, orange above; "plain": greys, black at 0, white at `most`
// most    the size that gets the full colour; the greatest there is where it is left out
// point   is called with (row, column) under the pointer or the arrow keys, and with (null, null) when it leaves
// pick    is called with (row, column) on a click or Enter
// cell    [row, column] that is outlined, or null
// box     [top, left, bottom, right] in edges of cells that is outlined, or null
import { html, useLayoutEffect, useRef, useState } from "./html.js";
import { draw, prepare } from "/script/colours.js";
import { colours } from "/script/scale.js";

prepare({ colours });

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const greatest = (values) => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

export function Map({ values, shape, label, scale = "signed", most = null, point = null, pick = null, cell = null, box = null }) {
  const [rows, columns] = shape;
  const canvas = useRef(null);
  const [cursor, setCursor] = useState(null);
  const works = Boolean(point || pick);

  useLayoutEffect(() => {
    const full = most === null ? greatest(values) : most;
    if (scale === "plain") grey(canvas.current, values, rows, columns, full);
    else draw(canvas.current, values, 0, rows, columns, full);
  }, [values, rows, columns, scale, most]);

  const under = (event) => {
    const frame = canvas.current.getBoundingClientRect();
    const y = Math.floor(((event.clientY - frame.top) / frame.height) * rows);
    const x = Math.floor(((event.clientX - frame.left) / frame.width) * columns);
    return y < 0 || x < 0 || y >= rows || x >= columns ? null : [y, x];
  };
  const hover = (event) => { const at = under(event); if (at && point) point(...at); };
  const leave = () => { setCursor(null); if (point) point(null, null); };
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = cursor || cell || [0, 0];
    if ((event.key === "Enter" || event.key === " ") && pick) {
      event.preventDefault();
      pick(...at);
      return;
    }
    const step = MOVES[event.key];
    if (!step) return;
    event.preventDefault();
    const next = cursor || cell ? [Math.min(Math.max(at[0] + step[0], 0), rows - 1), Math.min(Math.max(at[1] + step[1], 0), columns - 1)] : at;
    setCursor(next);
    if (point) point(...next);
  };
  const listens = works ? {
    tabindex: "0", role: "application", onPointerMove: hover, onPointerLeave: leave, onKeyDown: key, onBlur: leave,
    onClick: (event) => { const at = under(event); if (at && pick) pick(...at); },
  } : { role: "img" };
  return html`<div class=${`float-map ${works ? "works" : ""}`} style=${{ aspectRatio: `${columns} / ${rows}` }}>
    <canvas ref=${canvas} aria-label=${label} ...${listens}></canvas>
    ${box ? html`<${Outline} kind="box" top=${box[0]} left=${box[1]} bottom=${box[2]} right=${box[3]} shape=${shape} />` : null}
    ${cell ? html`<${Outline} kind="cell" top=${cell[0]} left=${cell[1]} bottom=${cell[0] + 1} right=${cell[1] + 1} shape=${shape} />` : null}
    ${cursor ? html`<${Outline} kind="cursor" top=${cursor[0]} left=${cursor[1]} bottom=${cursor[0] + 1} right=${cursor[1] + 1} shape=${shape} />` : null}
  </div>`;
}

function Outline({ kind, top, left, bottom, right, shape }) {
  const percent = (n, of) => `${(100 * n) / of}%`;
  return html`<span class=${`outline ${kind}`} style=${{ top: percent(top, shape[0]), left: percent(left, shape[1]),
    height: percent(bottom - top, shape[0]), width: percent(right - left, shape[1]) }}></span>`;
}

function grey(canvas, values, rows, columns, most) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    image.data.fill(most > 0 ? Math.round((255 * values[i]) / most) : 0, 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
