// What if the picture were otherwise: change it with a slider, and the answer moves with the hand.
import { html, useMemo } from "../parts/html.js";
import { put } from "../parts/router.js";
import { Wrong } from "../parts/show.js";
import { decode } from "/script/values.js";
import { shown } from "/script/numbers.js";
import { question, useAsking, useResting } from "./why-asking.js";
import { Board } from "./why-board.js";
import { Moved } from "./why-moved.js";

const percent = (value) => `${Math.round(100 * value)} %`;
const counted = (value) => `${shown(value, 3)} pixel${Math.abs(value) === 1 ? "" : "s"}`;

// Ways to change the picture: sliders [label, least, greatest, step, first value, words], in pixels that the network sees.
function kinds([height, width]) {
  const short = Math.min(height, width);
  return {
    cover: ["Cover", "A grey square. Click the picture to say where.", [["side of the square", 0, 1, 0.01, 0.33, percent]]],
    blur: ["Blur", "Soften it.", [["softened by", 0, Math.max(4, Math.round(short / 8)), 0.25, Math.max(1, Math.round(short / 48)), counted]]],
    shift: ["Shift", "Move it. What comes in at the border is what training shows there.", [
      ["to the right", -Math.floor(width / 2), Math.floor(width / 2), 1, Math.max(1, Math.floor(width / 8)), counted],
      ["down", -Math.floor(height / 2), Math.floor(height / 2), 1, 0, counted]]],
    rotate: ["Rotate", "Turn it clockwise about its middle.", [["turned by", -180, 180, 1, 15, (value) => `${shown(value, 4)}°`]]],
    brighten: ["Brighten", "Add to every pixel; black is 0 and white is 1.", [["added", -1, 1, 0.01, 0.2, (value) => shown(value, 3)]]],
    contrast: ["Contrast", "Multiply the distance from middle grey.", [["times", 0, 3, 0.05, 0.5, (value) => shown(value, 3)]]],
  };
}

// The square to cover [x1, y1, x2, y2]: in the middle of the picture, or around the place that was clicked.
function square(share, where, [height, width]) {
  const side = Math.round(share * Math.min(height, width));
  const at = /^(\d+)\/(\d+)$/.exec(where);
  const [top, left] = at ? [Number(at[1]) - Math.floor(side / 2), Number(at[2]) - Math.floor(side / 2)]
    : [Math.floor((height - side) / 2), Math.floor((width - side) / 2)];
  const [y1, x1, y2, x2] = [Math.max(0, top), Math.max(0, left), Math.min(height, top + side), Math.min(width, left + side)];
  return y1 < y2 && x1 < x2 ? [x1, y1, x2, y2] : null;
}

export default function WhatIf({ run, source, about, query }) {
  const all = kinds(about.size);
  const kind = all[query.get("kind")] ? query.get("kind") : "cover";
  const [title, text, sliders] = all[kind];
  const [read, rest] = useResting(query);
  const given = read("amount").split(",").map(Number);
  const amounts = sliders.map(([, least, most, , first], i) => (read("amount") && Number.isFinite(given[i]) ? Math.min(Math.max(given[i], least), most) : first));
  const box = kind === "cover" ? square(amounts[0], read("where"), about.size) : null;
  const values = box ? { kind, box: box.join(",") } : { kind, amount: amounts.join(",") };
  const { value, error } = useAsking(question(run, "what-if", source, values));
  const picture = useMemo(() => value && { shape: value.picture.shape, bytes: decode(value.picture.values) }, [value]);
  const slide = (i, to) => rest({ amount: amounts.map((each, at) => (at === i ? to : each)).join(",") });
  const choose = (name) => put({ kind: name === "cover" ? "" : name, amount: "", where: "" });
  return html`<div class="sorters" role="group" aria-label="What to change">${Object.entries(all).map(([name, [each]]) => html`
      <button type="button" class="button" aria-pressed=${name === kind} onClick=${() => choose(name)}>${each}</button>`)}</div>
    <div class="why-two">
      <div>
        ${picture ? html`<${Board} picture=${picture} box=${box} label=${`The changed picture, as the network sees it.${kind === "cover" ? " Arrow keys and Enter say where to cover." : ""}`}
          reading="why-change" pick=${kind === "cover" ? ([y, x]) => rest({ where: `${y}/${x}` }) : null} />` : html`<div class="why-board waiting"></div>`}
        <p class="note">The picture, as the network sees it now.</p>
      </div>
      <div>
        <p id="why-change">${text}</p>
        ${sliders.map(([label, least, most, step, , words], i) => html`<label class="why-slide" key=${`${kind} ${label}`}>${label}
          <input type="range" min=${least} max=${most} step=${step} value=${amounts[i]} aria-valuetext=${words(amounts[i])} onInput=${(event) => slide(i, event.target.value)} />
          <span class="tabular">${words(amounts[i])}</span></label>`)}
        <${Wrong} text=${error} />
        ${value ? html`<${Moved} before=${value.before} after=${value.after} title=${title} task=${about.task} />` : null}
      </div>
    </div>`;
}
