// Low-, middle- and high-level features side by side: the strongest maps of the layers that stand for them. Each opens in the glass.
import { html, useLayoutEffect, useMemo, useRef } from "../parts/html.js";
import { Wrong } from "../parts/show.js";
import { counted } from "../parts/words.js";
import { draw } from "/script/colours.js";
import { shown } from "/script/numbers.js";
import { decode } from "/script/values.js";
import { question, useAsking } from "./why-asking.js";
import { Working } from "./why-working.js";

export default function Features({ run, source, open }) {
  const { value, error, busy, told } = useAsking(question(run, "features", source));
  return html`<p>What the network looks for becomes larger and rarer from layer to layer. Orange is above zero, blue below, white is zero. Choose a map to open it in the layers.</p>
    <${Wrong} text=${error} />
    ${value ? value.levels.length ? html`<div class="why-columns">${value.levels.map((level) => html`<${Level} key=${level.layer} level=${level} open=${open} />`)}</div>`
      : html`<p>No layer of this network has maps, so there are no features to look at.</p>` : html`<${Working} busy=${busy} told=${told} what="Looking at the layers" />`}`;
}

function Level({ level, open }) {
  const rest = level.count - level.channels.length;
  return html`<div>
    <h3>${level.title}</h3>
    <p class="note">${level.sentence} Full colour is ${shown(level.most, 3)}.${level.step > 1 ? ` Maps are shown ${level.step} times smaller.` : ""}</p>
    <ul class="why-maps plain">${level.channels.map((channel, i) => html`<li key=${channel}>
      <button type="button" class="why-map" aria-label=${`Channel ${channel} of ${level.layer}: open it`} onClick=${() => open({ layer: level.layer, channel, y: null, x: null })}>
        <${Small} packed=${level.maps[i]} shape=${level.shape} most=${level.most} /><span aria-hidden="true">${channel}</span></button></li>`)}</ul>
    ${rest > 0 ? html`<p class="note">The ${level.channels.length} strongest of ${counted(level.count, "channel")}, the strongest first.</p>` : null}
  </div>`;
}

function Small({ packed, shape: [height, width], most }) {
  const canvas = useRef(null);
  const values = useMemo(() => new Float32Array(decode(packed).buffer), [packed]);
  useLayoutEffect(() => draw(canvas.current, values, 0, height, width, most), [values, most]);
  return html`<canvas ref=${canvas} aria-hidden="true"></canvas>`;
}
