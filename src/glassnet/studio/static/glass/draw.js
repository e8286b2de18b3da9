// Drawing a picture for the network, in the manner of those it was trained on.
import { html, useMemo, useState } from "../parts/html.js";
import { toned } from "../parts/drawing.js";
import { read, written } from "../parts/drawn.js";
import { Pad } from "../parts/pad.js";
import { empty, toneOf } from "./ink.js";

const BRUSHES = [
  { name: "fine", title: "Fine brush", times: 0.6 }, { name: "medium", title: "Medium brush", times: 1 }, { name: "broad", title: "Broad brush", times: 1.8 },
  { name: "fill", title: "Filled outline", times: 1 }, { name: "eraser", title: "Eraser", times: 2 },
];

// `manner` says how the run's data are drawn, `words` name the drawing, `change(words, done)` hears of every movement.
export default function Draw({ manner, words, change }) {
  const size = [manner.height, manner.width];
  const [brush, setBrush] = useState(manner.tool === "fill" ? "fill" : "medium");
  const held = useMemo(() => {
    const found = read(words);
    return found && String(found.size) === String(size) ? found.pixels : read(empty(manner)).pixels;
  }, [words]);
  const tone = toneOf(held, manner);
  const { times } = BRUSHES.find((one) => one.name === brush);
  const tool = brush === "fill" || brush === "eraser" ? brush : "pen";
  const tell = (pixels, done) => change(written(pixels, size), done);
  const light = tone.ink > tone.paper;
  const invert = (wanted) => {
    if (wanted === light) return;
    tell(toned(held, tone, { ink: tone.paper, paper: tone.ink }), true);
  };
  return html`<div class="glass-draw">
    <${Pad} size=${size} value=${held} ink=${tone} brush=${manner.brush * times} tool=${tool} presets=${manner.figures} label="Drawing pad"
      change=${tell}>
      <label class="hidden" for="glass-brush">Brush</label>
      <select id="glass-brush" value=${brush} onChange=${(event) => setBrush(event.target.value)}>
        ${BRUSHES.map((one) => html`<option value=${one.name}>${one.title}</option>`)}</select>
      <span class="glass-ink" role="group" aria-label="Ink">
        <button type="button" class="button small" aria-pressed=${light ? "true" : "false"} onClick=${() => invert(true)}>Light ink</button>
        <button type="button" class="button small" aria-pressed=${light ? "false" : "true"} onClick=${() => invert(false)}>Dark ink</button></span>
    </${Pad}>
  </div>`;
}
