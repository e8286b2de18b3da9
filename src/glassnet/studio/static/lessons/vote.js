// Flatten and the vote: a drawn picture on its way to X or O, and the twelve values of the worked example.
import { html } from "../parts/html.js";
import { Pad } from "../parts/pad.js";
import { Scroll } from "../parts/show.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Grid } from "./parts/inputs.js";
import { Beside, Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { Waits, added, fromText, replaced, shown, toText } from "./written.js";

const SIDE = 9;
const HALF = 127;

export default function Body({ lesson }) {
  return html`<${Drawn} /><${Listening} start=${lesson.computes.vote} />`;
}

function Drawn() {
  const [drawn, setDrawn] = useShared("drawn", "");
  const [feature, setFeature] = useShared("feature", "A");
  const [tool, setTool] = useShared("tool", "pen");
  const picture = fromText(drawn, SIDE);
  const found = useCompute("vote", "whole", picture ? { picture } : {});
  const made = found.value;
  const rows = picture || (made && made.drawn.X);
  const inked = (pixels) => setDrawn(toText(Array.from({ length: SIDE }, (_, y) => Array.from(pixels.slice(y * SIDE, (y + 1) * SIDE), (grey) => (grey > HALF ? 1 : -1)))));
  return html`<${Piece} title="From the picture to the answer" error=${found.error}
    try="Draw an O, or take the ready-made one: other places of the maps light up, and O gets the votes. Then break the X with a few pixels: how many until it loses?">
    ${made && rows ? html`<div class="vote-way">
      <div class="draw-small"><h3>The picture</h3>
        <${Pad} size=${[SIDE, SIDE]} label="Picture of 9 by 9 pixels to draw on" brush=${1 / SIDE} tool=${tool} value=${Uint8Array.from(rows.flat(), (value) => (value > 0 ? 255 : 0))} change=${inked} clear=${false}>
          ${["X", "O"].map((name) => html`<button type="button" class="button" key=${name} onClick=${() => setDrawn(name === "X" ? "" : toText(made.drawn[name]))}>${name}</button>`)}
          <button type="button" class="button" onClick=${() => setDrawn(toText(rows.map((line) => line.map(() => -1))))}>Clear</button></${Pad}>
        <${Choice} label="Pen" value=${tool} options=${[{ value: "pen", text: "white" }, { value: "eraser", text: "black" }]} change=${setTool} /></div>
      <${Answer} made=${made} />
    </div>
    <h3>One feature's way</h3>
    <${Choice} label="Feature" value=${feature} options=${Object.keys(made.features)} change=${setFeature} />
    <${Beside}>
      <${Grid} label=${`Feature ${feature}`} title=${`feature ${feature}`} small tint="signed" values=${made.features[feature]} />
      <${Grid} label=${`Map of feature ${feature}`} title="map" small tint="signed" most=${1} digits=${2} values=${made.maps_cut[feature]} />
      <${Grid} label=${`Map of ${feature} after ReLU`} title="after ReLU" small tint="signed" most=${1} digits=${2} values=${made.relu_cut[feature]} />
      <${Grid} label=${`Pooled map of ${feature}`} title="pooled" small tint="signed" most=${1} digits=${2} values=${made.pooled_cut[feature]} />
      <${Grid} label=${`Map of ${feature}, pooled again`} title="pooled again" small tint="signed" most=${1} digits=${2} values=${made.again_cut[feature]} />
    </${Beside}>` : html`<${Waits} />`}
  </${Piece}>`;
}

function Answer({ made }) {
  return html`<div><h3>Twelve values and two votes</h3>
    <p class="note">The last maps of A, B and C, four values each, written one after the other. Each class takes the mean of the values it listens to.</p>
    <${Heard} values=${made.flat_cut} listens=${made.listens} names=${Object.keys(made.features)} />
    <${Votes} votes=${made.votes} answer=${made.answer} /></div>`;
}

// The flat row with the places that each class listens to. `hear(name, place)` makes them choosable, `change(at, value)` the values.
function Heard({ values, listens, names = null, hear = null, change = null }) {
  const each = names ? values.length / names.length : 0;
  return html`<${Scroll} label="The flattened values"><table class="vote-flat">
    <tbody>
      ${names ? html`<tr><th scope="row">from</th>${names.map((name) => html`<td colspan=${each} class="vote-from">${name}</td>`)}</tr>` : null}
      <tr><th scope="row">place</th>${values.map((_, at) => html`<td>${at + 1}</td>`)}</tr>
      <tr><th scope="row">value</th>${values.map((value, at) => html`<td>${change
        ? html`<input class="vote-value" type="number" step="0.01" min="-10" max="10" aria-label=${`Value ${at + 1}`} value=${value}
            onInput=${(event) => event.target.value !== "" && Math.abs(Number(event.target.value)) <= 10 && change(at, Number(event.target.value))} />`
        : html`<strong>${shown(value, 2)}</strong>`}</td>`)}</tr>
      ${Object.entries(listens).map(([name, places], row) => html`<tr key=${name}><th scope="row">${name} listens</th>${values.map((_, at) => {
        const heard = places.includes(at + 1);
        if (!hear) return html`<td class=${heard ? `vote-heard ${row ? "second" : "first"}` : null}>${heard ? "●" : ""}<span class="hidden">${heard ? "yes" : "no"}</span></td>`;
        return html`<td class=${heard ? `vote-heard ${row ? "second" : "first"}` : null}><input type="checkbox" checked=${heard}
          aria-label=${`${name} listens to value ${at + 1}`} onChange=${() => hear(name, at + 1)} /></td>`;
      })}</tr>`)}
    </tbody></table></${Scroll}>`;
}

function Votes({ votes, answer, sums = false }) {
  return html`<div class="votes" role="status">
    ${Object.entries(votes).map(([name, vote], row) => html`<p class="vote-line" key=${name}><strong>${name}</strong>
      <span class="vote-track" aria-hidden="true"><span class=${row ? "second" : "first"} style=${{ width: `${Math.max(0, Math.min(100, 100 * vote.vote)).toFixed(1)}%` }}></span></span>
      <span class="tabular">${sums ? `${shown(vote.sum)} ÷ ${vote.places.length} = ` : ""}<strong>${shown(vote.cut, 2)}</strong></span></p>`)}
    <p class="total-line">${answer ? html`It is an <strong>${answer}</strong>.` : "The votes are equal: no answer."}</p></div>`;
}

function Listening({ start }) {
  const [values, setValues] = useShared("values", start.values);
  const [listens, setListens] = useShared("listens", start.listens);
  const found = useCompute("vote", "vote", { values, listens });
  const made = found.value;
  const hear = (name, place) => {
    const places = listens[name].includes(place) ? listens[name].filter((one) => one !== place) : [...listens[name], place].sort((a, b) => a - b);
    setListens({ ...listens, [name]: places });
  };
  return html`<${Piece} title="Who listens to what" error=${found.error}
    try="These twelve values are of another, less tidy X. Lower some values that X listens to, or change what the classes listen to: when does the answer turn?">
    <${Heard} values=${values} listens=${listens} hear=${hear} change=${(at, value) => setValues(replaced(values, at, value))} />
    ${made ? html`<${Votes} votes=${made.votes} answer=${made.answer} sums=${true} />
      <p class="note tabular">${Object.entries(made.votes).map(([name, vote]) => `${name}: (${added(vote.heard)}) ÷ ${vote.places.length}`).join("; ")}. Votes are cut after two decimals.</p>` : html`<${Waits} />`}
  </${Piece}>`;
}
