// What excites one channel most: crops of training pictures, the strongest first. Each opens its own picture at that very value.
import { html, useState } from "../parts/html.js";
import { Wrong } from "../parts/show.js";
import { count } from "../parts/words.js";
import { shown } from "/script/numbers.js";
import { question, useAsking } from "./why-asking.js";
import { Working } from "./why-working.js";

export default function Excites({ run, source, about, place, open }) {
  const layers = about.layers;
  const { layer, channel } = chosen(layers, about, place);
  const { value, error, busy, told } = useAsking(layer ? question(run, "exciting", source, { layer: layer.name, channel }) : null);
  if (!layer) return html`<p>This network has no layer whose channels could be excited.</p>`;
  const choose = (name, number) => open({ layer: name, channel: number, y: null, x: null });
  return html`<p>Parts of training pictures to which a channel answers most strongly: what it has come to look for. The channel is the one that is open in the layers above. Choose a part to open its picture at this value.</p>
    <div class="why-pick">
      <div class="field"><label for="why-excites-layer">layer</label>
        <select id="why-excites-layer" value=${layer.name} onChange=${(event) => choose(event.target.value, layers.find((each) => each.name === event.target.value).strongest[0])}>
          ${layers.map((each) => html`<option value=${each.name}>${each.name}</option>`)}</select></div>
      <${Channel} key=${`${layer.name}/${channel}`} layer=${layer} channel=${channel} choose=${choose} />
      <div class="why-strong" role="group" aria-label="Strongest channels in this picture"><span class="note">strongest in this picture</span>
        <span>${layer.strongest.map((number) => html`<button type="button" class="button" aria-pressed=${number === channel} aria-label=${`Channel ${number}`} onClick=${() => choose(layer.name, number)}>${number}</button>`)}</span></div>
    </div>
    <${Working} busy=${busy} told=${told} what="Looking through the training pictures" />
    <${Unless} error=${error} />
    ${value ? html`<${Crops} run=${run} value=${value} layer=${layer} channel=${channel} stale=${busy} />` : null}`;
}

// The channel that is open in the glass, else the strongest of the layer that is, else of the highest features.
function chosen(layers, about, place) {
  const found = (wanted) => layers.find((each) => each.name === wanted);
  const layer = (place && found(place.layer)) || found(about.excites) || layers[layers.length - 1] || null;
  const here = layer && place && place.layer === layer.name && place.channel !== null;
  return { layer, channel: here ? place.channel : layer ? layer.strongest[0] : 0 };
}

function Channel({ layer, channel, choose }) {
  const [text, setText] = useState(String(channel));
  const last = layer.shape[0] - 1;
  const fits = /^\d+$/.test(text) && Number(text) <= last;
  const change = (event) => {
    if (/^\d+$/.test(event.target.value) && Number(event.target.value) <= last && Number(event.target.value) !== channel) choose(layer.name, Number(event.target.value));
  };
  return html`<div class=${`field ${fits ? "" : "refused"}`}><label for="why-excites-channel">channel</label>
    <input id="why-excites-channel" type="number" min="0" max=${last} value=${text} onInput=${(event) => setText(event.target.value)} onChange=${change} aria-describedby="why-excites-range" aria-invalid=${fits ? null : "true"} />
    <p class="note" id="why-excites-range">0 to ${last}</p></div>`;
}

function Crops({ run, value, layer, channel, stale }) {
  if (!value.crops.length) return html`<p>No training picture excites channel ${channel} of ${layer.name}: it gives the same everywhere.</p>`;
  return html`<ol class=${`why-crops plain ${stale ? "stale" : ""}`}>${value.crops.map((crop) => html`<li key=${`${crop.number}`}>
      <a href=${to({ picture: crop.number, at: [layer.name, channel, crop.y, crop.x].filter((each) => each !== null).join("/") })}>
        <span class="cropped"><img class="pixels" src=${`/api/why/${run}/taught/${crop.number}.png?box=${crop.box.join(",")}`}
          alt=${`Part of ${crop.picture}${crop.label ? `, ${crop.label}` : ""}`} /></span>
        <strong class="tabular">${shown(crop.value, 3)}</strong>${crop.label ? html` ${crop.label}` : null}<span class="note">${crop.picture}</span></a></li>`)}</ol>
    <${Looked} value=${value} />`;
}

// How many of the training pictures were looked through, where it was not all of them.
export function Looked({ value }) {
  return value.looked < value.of ? html`<p class="note">Of ${count(value.of)} training pictures ${count(value.looked)} were looked through, an even sample.</p>` : null;
}

// The present address with other values: another picture in the same glass.
export function to(values) {
  const query = new URLSearchParams(location.search);
  for (const name of ["at", "picture", "from"]) query.delete(name);
  for (const [name, value] of Object.entries(values)) query.set(name, value);
  return `${location.pathname}?${query}`;
}

// Where training pictures are gone, a sentence says so; nothing else of the page needs them.
export function Unless({ error }) {
  return error ? html`<${Wrong} text=${`Training pictures cannot be shown. ${error}`} />` : null;
}
