// ReLU: the map of a feature over the X before and after it, and the bend itself.
import { html } from "../parts/html.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Fields, Grid, Slider } from "./parts/inputs.js";
import { Beside, Piece } from "./parts/piece.js";
import { Plot } from "./parts/plot.js";
import { useShared } from "./parts/shared.js";
import { useOwn } from "./own.js";
import { Waits, added, fromText, shown, toText } from "./written.js";

const SIDE = 9;
const WINDOW = 3;
const NAMES = { relu: "ReLU", leaky_relu: "leaky ReLU", gelu: "GELU", silu: "SiLU", sigmoid: "sigmoid", tanh: "tanh" };
const REACH = 4;
const INPUTS = Array.from({ length: 65 }, (_, i) => (i - 32) * (REACH / 32));

export default function Body({ lesson, run }) {
  return html`<${Matched} start=${lesson.computes.match} /><${Bend} start=${lesson.computes.activate.activation} /><${Own} lesson=${lesson.name} run=${run} />`;
}

// A part of a map of the reader's own network, before ReLU and after it.
function Own({ lesson, run }) {
  const found = useOwn(lesson, run);
  const given = found.own.activate;
  const after = useCompute("relu", "activate", given || null);
  if (!run || !(given || found.error)) return null;
  return html`<${Piece} title="In your own network" error=${found.error || after.error}
    try=${`A part of a map of your run's first layer, of its picture ${found.picture}. Find the numbers that say nothing after ReLU.`}>
    ${given && after.value ? html`<${Beside}>
      <${Grid} label="Map of your network" title="before ReLU" small tint="signed" digits=${2} values=${given.map} />
      <${Grid} label="Map of your network after ReLU" title="after ReLU" small tint="signed" digits=${2} values=${after.value.map} />
    </${Beside}>
    <p role="status">ReLU turned <strong>${after.value.negative}</strong> of ${given.map.length * given.map[0].length} numbers into 0.</p>` : null}
  </${Piece}>`;
}

function Matched({ start }) {
  const [feature, setFeature] = useShared("feature", start.feature);
  const [drawn, setDrawn] = useShared("drawn", "");
  const [[row, column], setPlace] = useShared("place", [1, 1]);
  const picture = fromText(drawn, SIDE);
  const found = useCompute("relu", "match", { feature, picture, row, column });
  const made = found.value;
  const flip = (y, x) => setDrawn(toText(made.picture.map((line, r) => line.map((value, c) => (r === y && c === x ? -value : value)))));
  return html`<${Piece} title="Where the feature does not match, nothing is said" error=${found.error}
    try="Feature A is a short diagonal, and the picture an X. Click a number of the map to see its nine products. Then click pixels of the X to switch them, and watch both maps.">
    <div class="lesson-choices"><${Choice} label="Feature" value=${feature} options=${["A", "B", "C"]} change=${setFeature} />
      <button type="button" class="button" disabled=${!drawn} onClick=${() => setDrawn("")}>Back to the X</button></div>
    ${made ? html`<${Beside}>
      <${Grid} label="Picture of 1 and −1" title="picture: click a pixel to switch it" small tint="tones" values=${made.picture} pick=${flip}
        mark=${{ y: made.opened.row, x: made.opened.column, height: WINDOW, width: WINDOW }} />
      <${Grid} label="Map of the feature" title="map of the feature: click a number" small tint="signed" most=${1} digits=${2} values=${made.map_cut}
        at=${{ y: made.opened.row, x: made.opened.column }} pick=${(y, x) => setPlace([y, x])} />
      <${Grid} label="The map after ReLU" title="after ReLU" small tint="signed" most=${1} digits=${2} values=${made.relu_cut} at=${{ y: made.opened.row, x: made.opened.column }} />
    </${Beside}>
    <p role="status">ReLU turned <strong>${made.negative}</strong> of ${made.count} numbers into 0.</p>
    <${Beside}>
      <${Grid} label=${`Feature ${feature}`} title=${`feature ${feature}`} tint="signed" values=${made.feature} />
      <${Grid} label="Products with the window" title="its products with the window" tint="signed" values=${made.opened.products} />
      <div><h3>Row ${made.opened.row}, column ${made.opened.column}</h3>
        <p class="tabular">${added(made.opened.products.flat())} = ${shown(made.opened.sum)}</p>
        <p class="total-line tabular" role="status">${shown(made.opened.sum)} ÷ ${made.opened.places} = <strong>${shown(made.opened.cut, 2)}</strong>, after ReLU <strong>${shown(made.opened.relu_cut, 2)}</strong></p>
        <p class="note">Both maps are cut after two decimals.</p></div>
    </${Beside}>` : html`<${Waits} />`}
  </${Piece}>`;
}

function Bend({ start }) {
  const [activation, setActivation] = useShared("activation", start);
  const [input, setInput] = useShared("input", -1.5);
  const line = useCompute("relu", "activate", { map: [INPUTS], activation });
  const one = useCompute("relu", "activate", { map: [[input]], activation });
  const answer = one.value ? one.value.map[0][0] : null;
  const name = NAMES[activation] || activation;
  const points = line.value ? INPUTS.map((x, i) => [x, line.value.map[0][i]]) : [];
  return html`<${Piece} title="The bend itself" error=${line.error || one.error}
    try="Move the input from −4 to 4: left of 0 the output of ReLU stays 0, right of 0 it is the input. Then choose another function and compare.">
    <${Beside}>
      <div><${Choice} label="Function" value=${activation} options=${Object.entries(NAMES).map(([value, text]) => ({ value, text }))} change=${setActivation} />
        <${Fields}><${Slider} label="Input" value=${input} min=${-REACH} max=${REACH} step=${0.1} show=${(value) => shown(value, 1)} change=${(next) => setInput(Math.round(next * 10) / 10)} /></${Fields}>
        <p class="total-line tabular" role="status">${name} of ${shown(input, 1)} = <strong>${answer === null ? "…" : shown(answer)}</strong></p></div>
      <${Plot} label=${name} x="input" y="output" lines=${[{ name, points }]} range=${{ x: [-REACH, REACH], y: [-1.5, REACH] }}
        mark=${answer === null ? null : { x: input, y: answer, text: "Your input" }} />
    </${Beside}>
  </${Piece}>`;
}
