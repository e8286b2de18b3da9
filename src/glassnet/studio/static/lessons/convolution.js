// Convolution by hand: the window steps over the picture, its products are shown, and every number can be changed.
import { html, useEffect, useState } from "../parts/html.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Grid, NumberField } from "./parts/inputs.js";
import { Beside, Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { Terms } from "./parts/terms.js";
import { TakeOwn, useOwn } from "./own.js";
import { Waits, added, replaced, same, shown } from "./written.js";

const COLOURS = ["red", "green", "blue"];
const PACE = 900;

export default function Body({ lesson, run }) {
  const { colours, patch, diagonals } = lesson.computes;
  const own = useOwn(lesson.name, run);
  return html`<${Colours} start=${colours} own=${own} /><${Patch} start=${patch} own=${own} /><${Diagonals} start=${diagonals.filter} />`;
}

const WHAT = "the strongest answer of its first convolution, with two decimals";

function Colours({ start, own }) {
  const [picture, setPicture] = useShared("picture", start.picture);
  const [filter, setFilter] = useShared("filter", start.filter);
  const [bias, setBias] = useShared("bias", start.bias);
  const [[row, column], setPlace] = useShared("place", [start.row, start.column]);
  const [runs, setRuns] = useState(false);
  const found = useCompute("convolution", "colours", { picture, filter, bias, row, column });
  const made = found.value;
  const step = (by) => {
    const count = made.height * made.width;
    const at = (row * made.width + column + by + count) % count;
    setPlace([Math.floor(at / made.width), at % made.width]);
  };
  useEffect(() => {
    if (!runs || !made) return undefined;
    const clock = setTimeout(() => step(1), PACE);
    return () => clearTimeout(clock);
  }, [runs, made, row, column]);
  const press = (by) => {
    setRuns(false);
    if (made) step(by);
  };
  const window = { y: row, x: column, height: filter[0].length, width: filter[0][0].length };
  return html`<${Piece} title="Three colours, one number" error=${found.error}
    try="Press “Next place”: the window moves on by one, and the next number of the map is worked out. Then change any number of the picture or of the filter.">
    <${TakeOwn} found=${own} compute="colours" what=${WHAT} start=${start} now=${{ picture, filter, bias }} take=${(values) => {
      setRuns(false);
      setPicture(values.picture);
      setFilter(values.filter);
      setBias(values.bias);
      setPlace([values.row, values.column]);
    }} />
    <div class="row lesson-steps">
      <button type="button" class="button" onClick=${() => press(-1)}>Place before</button>
      <button type="button" class="button main" onClick=${() => press(1)}>Next place</button>
      <button type="button" class="button" aria-pressed=${runs} onClick=${() => setRuns(!runs)}>Let it run</button>
    </div>
    <div class="convolution-colours">${COLOURS.map((colour, c) => html`<div key=${colour}>
      <h3>${colour[0].toUpperCase() + colour.slice(1)}</h3>
      <div class="lesson-times">
        <${Grid} label=${`Picture, ${colour}`} title="picture" values=${picture[c]} mark=${window} change=${(rows) => setPicture(replaced(picture, c, rows))} />
        <span class="lesson-times-sign" aria-hidden="true">×</span>
        <${Grid} label=${`Filter, ${colour}`} title="filter" values=${filter[c]} tint="signed" change=${(rows) => setFilter(replaced(filter, c, rows))} />
      </div>
      ${made ? html`<${Terms} label=${`Products of ${colour}`} terms=${made.terms.filter((term) => term.channel === c)} result=${made.by_channel[c]} names=${["weight", "pixel"]} />` : null}
    </div>`)}</div>
    ${made ? html`<${Beside}>
      <div><h3>Added up</h3>
        <p class="total-line tabular" role="status">${added([...made.by_channel, ...(made.bias ? [made.bias] : [])])} = <strong>${shown(made.result)}</strong></p>
        <p class="note">red, green and blue${made.bias ? ", then the bias" : ""}: the number in row ${made.row}, column ${made.column} of the map</p>
      </div>
      <${Grid} label="Map" title="map: click a number to see where it comes from" values=${made.map} at=${{ y: made.row, x: made.column }}
        pick=${(y, x) => { setRuns(false); setPlace([y, x]); }} />
      <div class="lesson-narrow"><${NumberField} label="Bias" value=${bias} change=${setBias} note="added to every number of the map" /></div>
    </${Beside}>` : html`<${Waits} />`}
  </${Piece}>`;
}

function Patch({ start, own }) {
  const [picture, setPicture] = useShared("patch", start.picture);
  const [filter, setFilter] = useShared("weights", start.filter);
  const [bias, setBias] = useShared("plus", start.bias);
  const found = useCompute("convolution", "patch", { picture, filter, bias });
  const made = found.value;
  return html`<${Piece} title="Nine products and a bias" error=${found.error}
    try="This is a corner of a picture with zeros around it. Change the −1 in the middle row of the filter to 1: 155 is now added and no longer taken away.">
    <${TakeOwn} found=${own} compute="patch" what=${WHAT} start=${start} now=${{ picture, filter, bias }} take=${(values) => { setPicture(values.picture); setFilter(values.filter); setBias(values.bias); }} />
    <${Beside}>
      <div><div class="lesson-times">
        <${Grid} label="Corner of a picture" title="picture" values=${picture} change=${setPicture} />
        <span class="lesson-times-sign" aria-hidden="true">×</span>
        <${Grid} label="Filter of nine weights" title="filter" values=${filter} tint="signed" change=${setFilter} /></div>
        <div class="lesson-narrow"><${NumberField} label="Bias of this filter" value=${bias} change=${setBias} /></div>
        ${made ? html`<p class="total-line tabular" role="status">${added([made.sum, made.bias])} = <strong>${shown(made.result)}</strong></p>
          <p class="note">the sum of the products, then the bias</p>` : null}
      </div>
      ${made ? html`<${Terms} label="Nine products" terms=${made.terms} bias=${made.bias} result=${made.result} names=${["weight", "pixel"]} />` : null}
    </${Beside}>
  </${Piece}>`;
}

function Diagonals({ start }) {
  const [filter, setFilter] = useShared("diagonal", start);
  const found = useCompute("convolution", "diagonals", { filter });
  const made = found.value;
  const known = made ? [["every diagonal", made.plain], ["isolated diagonals only", made.lonely]] : [];
  const named = known.find(([, rows]) => same(rows, filter));
  return html`<${Piece} title="What a filter looks for" error=${found.error}
    try="This filter answers every diagonal with 2, and a full block as well. Choose “isolated diagonals only”: negative weights keep it quiet where the neighbours are bright.">
    ${made ? html`<${Choice} label="Filter for" value=${named ? named[0] : ""} options=${known.map(([name]) => name)} change=${(name) => setFilter(known.find((one) => one[0] === name)[1])} />
    <div class="convolution-answers">
      <${Grid} label="Filter of four weights" title="filter" values=${filter} tint="signed" change=${setFilter} />
      ${[["isolated", "an isolated diagonal"], ["block", "a full block"]].map(([name, title]) => html`<div key=${name}>
        <div class="lesson-times"><${Grid} label=${title} title=${title} values=${made[name].picture} />
          <span class="lesson-times-sign" aria-hidden="true">→</span>
          <${Grid} label=${`Map of ${title}`} title="its map" values=${made[name].map} tint="signed" /></div>
        <p role="status">Strongest answer: <strong>${shown(made[name].strongest)}</strong></p></div>`)}
    </div>` : html`<${Waits} />`}
  </${Piece}>`;
}
