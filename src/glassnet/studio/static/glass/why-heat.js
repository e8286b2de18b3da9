// The heat of the answer: how much each pixel did for what was answered, by three methods, laid over the picture and as numbers.
import { html, useMemo, useState } from "../parts/html.js";
import { put } from "../parts/router.js";
import { Scroll, Wrong } from "../parts/show.js";
import { decode } from "/script/values.js";
import { shown } from "/script/numbers.js";
import { question, useAsking, useResting } from "./why-asking.js";
import { Board, HeatKey } from "./why-board.js";
import { Working } from "./why-working.js";

const METHODS = [
  ["gradcam", "Grad-CAM", "Which places of a layer's maps speak for it. Quick and coarse."],
  ["integrated", "Integrated gradients", "What each pixel adds on the way from an empty picture. Fine, and it sums up."],
  ["occlusion", "Occlusion", "How the answer falls when a part is covered. The plainest."],
];
const OVER = 70; // percent of the heat over the picture
const CELLS = 48; // rows and columns of a table of numbers; more are shown as means

export default function Heat({ run, source, about, query }) {
  const method = (METHODS.find(([name]) => name === query.get("method")) || METHODS[about.no_maps ? 1 : 0])[0];
  const target = query.get("target") || "";
  const layer = method === "gradcam" ? query.get("layer") || "" : "";
  const [read, rest] = useResting(query);
  const [at, setAt] = useState(null);
  const asks = about.targets.length > 0;
  const { value, error, busy, told } = useAsking(asks ? question(run, "heat", source, { method, target, layer }) : null);
  const found = useMemo(() => value && unpacked(value), [value]);
  if (!asks) return html`<p>Nothing was found in this picture, so there is no answer to explain. Try another picture.</p>`;
  const over = Number(read("over") || OVER);
  const pixels = about.task !== "classify";
  return html`<div class="why-two">
    <div>
      ${found ? html`<${Board} picture=${found.picture} heat=${found.values} most=${found.most} over=${over / 100} reading="why-reading"
          label=${`Heat of ${found.target} over the picture, ${found.method}. Arrow keys read the value of a pixel${pixels ? ", Enter explains it" : ""}.`}
          point=${setAt} pick=${pixels ? (place) => put({ target: named(place, about.frame) }) : null} />
        <${HeatKey} most=${found.most} show=${(each) => shown(each, 3)} />` : html`<div class="why-board waiting"></div>`}
      <label class="why-slide">heat over the picture <input type="range" min="0" max="100" step="5" value=${over}
        onInput=${(event) => rest({ over: Number(event.target.value) === OVER ? "" : event.target.value })} /> <span class="tabular">${over} %</span></label>
      <p id="why-reading" role="status" class="why-reading tabular">${found && reading(found, at, pixels)}</p>
    </div>
    <div>
      <${Choices} about=${about} method=${method} target=${target} layer=${layer} />
      <${Working} busy=${busy} told=${told} what="Making the heat map" />
      <${Wrong} text=${error} />
      ${found ? html`<h3>${found.method[0].toUpperCase() + found.method.slice(1)} for ${found.target}</h3>
        <p>${found.sentence}</p>
        ${found.strongest.length ? html`<p>Most for it: ${found.strongest.map(([each, row, column], i) => html`${i ? "; " : ""}<span class="tabular">${shown(each, 3)}</span> at row ${row}, column ${column}`)}.</p>` : null}
        <${Numbers} found=${found} mirrored=${about.views === "mirror"} />` : null}
    </div>
  </div>`;
}

function unpacked(value) {
  const floats = (text) => new Float32Array(decode(text).buffer);
  const values = floats(value.values);
  return {
    ...value,
    values,
    most: Math.max(Math.abs(value.range[0]), Math.abs(value.range[1])),
    picture: { shape: value.picture.shape, bytes: decode(value.picture.values) },
    map: value.map && { shape: value.map.shape, values: floats(value.map.values) },
  };
}

function reading(found, at, pixels) {
  if (!at) return `Point at the picture to read its values${pixels ? "; click a pixel to explain it" : ""}.`;
  const value = found.values[at[0] * found.shape[1] + at[1]];
  const side = value > 0 ? "for it" : value < 0 ? "against it" : "nothing for it or against it";
  return `Row ${at[0]}, column ${at[1]}: ${shown(value, 4)}, ${side}.`;
}

// The pixel of the picture as it came that lies in the middle of a pixel that the network sees, in the words of a target.
function named([row, column], { height, width, scale, shift }) {
  const back = (at, i, side) => Math.min(Math.max(Math.floor((at + 0.5 - shift[i]) / scale[i]), 0), side - 1);
  return `pixel (${back(column, 0, width)}, ${back(row, 1, height)})`;
}

function Choices({ about, method, target, layer }) {
  const names = about.targets.map((each) => each.name);
  const chosen = target || about.target;
  const written = target && !names.includes(target) ? [target] : []; // a pixel that was clicked, or the beginning of a name
  return html`
    <fieldset class="why-choices"><legend>Method</legend>${METHODS.map(([name, title, text]) => html`
      <label class="why-choice"><input type="radio" name="why-method" checked=${method === name} disabled=${name === "gradcam" && Boolean(about.no_maps)}
        onChange=${() => put({ method: name === "gradcam" ? "" : name })} /><span>${title} <span class="note">${text}</span></span></label>`)}
      ${about.no_maps ? html`<p class="note">${about.no_maps}</p>` : null}</fieldset>
    <div class="fields">
      <div class="field"><label for="why-target">explain</label>
        <select id="why-target" value=${chosen} onChange=${(event) => put({ target: event.target.value === about.target ? "" : event.target.value })}>
          ${[...names, ...written].map((name) => html`<option value=${name}>${name}</option>`)}</select></div>
      ${method === "gradcam" && about.maps.length ? html`<div class="field"><label for="why-layer">maps of</label>
        <select id="why-layer" value=${layer || about.last_map} onChange=${(event) => put({ layer: event.target.value === about.last_map ? "" : event.target.value })}>
          ${about.maps.map((name) => html`<option value=${name}>${name}</option>`)}</select></div>` : null}
    </div>`;
}

// The heat as numbers, made when they are asked for: the layer's own map for Grad-CAM, else the pixels, as means where they are many.
function Numbers({ found, mirrored }) {
  const [open, setOpen] = useState(false);
  const { rows, step, what } = open ? squares(found, mirrored) : { rows: [] };
  return html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>As numbers</summary>
    ${open ? html`<p class="note">${what}${step > 1 ? ` Each number is the mean of ${step} × ${step} of them.` : ""}</p>
      <${Scroll} label="The heat as numbers"><table class="why-numbers">
        <thead><tr><th scope="col">row</th>${rows[0].map((_, x) => html`<th scope="col" class="number">${x * step}</th>`)}</tr></thead>
        <tbody>${rows.map((row, y) => html`<tr><th scope="row" class="number">${y * step}</th>${row.map((each) => html`<td class="number">${shown(each, 4)}</td>`)}</tr>`)}</tbody>
      </table></${Scroll}>` : null}</details>`;
}

function squares(found, mirrored) {
  const { shape: [height, width], values } = found.map || found;
  const step = Math.ceil(Math.max(height, width) / CELLS);
  const mean = (top, left) => {
    let [sum, count] = [0, 0];
    for (let y = top; y < Math.min(top + step, height); y += 1) {
      for (let x = left; x < Math.min(left + step, width); x += 1) {
        sum += values[y * width + x];
        count += 1;
      }
    }
    return sum / count;
  };
  const range = (side) => Array.from({ length: Math.ceil(side / step) }, (_, i) => i * step);
  const what = found.map ? `The map of ${found.layer}, ${height} × ${width} values, before it is laid over the picture${mirrored ? "; the heat adds that of the mirror image" : ""}.` : `The ${height} × ${width} pixels that the network sees.`;
  return { rows: range(height).map((y) => range(width).map((x) => mean(y, x))), step, what };
}
