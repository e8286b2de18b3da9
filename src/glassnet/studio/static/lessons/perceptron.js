// The perceptron: one neuron term by term, the bend behind it, and what one line can and cannot separate.
import { html } from "../parts/html.js";
import { Scroll } from "../parts/show.js";
import { useCompute } from "./parts/compute.js";
import { cellText } from "./parts/grid.js";
import { Choice, Fields, Grid, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece } from "./parts/piece.js";
import { Plot } from "./parts/plot.js";
import { useShared } from "./parts/shared.js";
import { Terms } from "./parts/terms.js";

const ACTIVATIONS = [["relu", "ReLU"], ["leaky_relu", "leaky ReLU"], ["gelu", "GELU"], ["silu", "SiLU"], ["sigmoid", "sigmoid"], ["tanh", "tanh"]]
  .map(([value, text]) => ({ value, text }));
const two = (value) => cellText(value, 2);

export default function Perceptron({ lesson }) {
  const { neuron, curve, gate } = lesson.computes;
  return html`<${Neuron} start=${neuron} /><${Bend} start=${curve} /><${Gate} start=${gate} />`;
}

function Neuron({ start }) {
  const [inputs, setInputs] = useShared("inputs", start.inputs);
  const [weights, setWeights] = useShared("weights", start.weights);
  const [bias, setBias] = useShared("bias", start.bias);
  const [activation, setActivation] = useShared("activation", start.activation);
  const found = useCompute("perceptron", "neuron", { inputs, weights, bias, activation });
  const made = found.value;
  const after = made && found.of.activation !== "none" ? [{ name: `after ${name(found.of.activation)}`, value: made.output }] : [];
  return html`<${Piece} title="One neuron" error=${found.error}
    try="Change the 2 among the inputs to −2: the sum falls below 0, and ReLU turns it into 0.">
    <${Beside}>
      <div class="neuron-inputs">
        <${Grid} label="Inputs" title="inputs" values=${[inputs]} change=${(rows) => setInputs(rows[0])} />
        <${Grid} label="Weights" title="weights" values=${[weights]} change=${(rows) => setWeights(rows[0])} tint="signed" />
        <${Slider} label="Bias" value=${bias} min=${-2} max=${2} step=${0.1} change=${setBias} show=${(value) => cellText(value, 1)} />
        <${Choice} label="Activation" value=${activation} change=${setActivation} many=${true} options=${[{ value: "none", text: "none" }, ...ACTIVATIONS]} />
      </div>
      ${made ? html`<${Terms} terms=${made.products.map((product, i) => ({ weight: found.of.weights[i], value: found.of.inputs[i], product }))}
        bias=${made.bias} result=${made.before} after=${after} digits=${2} />` : html`<p class="note" role="status">Loading …</p>`}
    </${Beside}>
  </${Piece}>`;
}

const name = (value) => (ACTIVATIONS.find((one) => one.value === value) || { text: value }).text;

function Bend({ start }) {
  const [activation, setActivation] = useShared("bend", start.activation);
  const [sum, setSum] = useShared("sum", 2);
  const found = useCompute("perceptron", "curve", { ...start, activation });
  const made = found.value;
  const at = made ? made.x.reduce((best, x, i) => (Math.abs(x - sum) < Math.abs(made.x[best] - sum) ? i : best), 0) : 0;
  const shown = made ? name(found.of.activation) : "";
  return html`<${Piece} title="The bend: activation functions" error=${found.error}
    try="Move the sum from the right to the left, and watch where the output stops following it. Then choose another function.">
    <${Fields}>
      <${Choice} label="Function" value=${activation} change=${setActivation} options=${ACTIVATIONS} many=${true} />
      <${Slider} label="Sum that comes in" value=${sum} min=${start.from} max=${start.to} step=${0.1} change=${setSum} show=${(value) => cellText(value, 1)} />
    </${Fields}>
    ${made ? html`<${Beside}>
      <${Plot} label=${shown} x="sum" y="output" lines=${[{ name: shown, points: made.x.map((x, i) => [x, made.y[i]]) }]}
        mark=${{ x: made.x[at], y: made.y[at] }} pick=${(x) => setSum(Math.round(10 * x) / 10)} />
      <${Figure} name=${`${shown} of ${cellText(made.x[at], 1)}`} value=${two(made.y[at])} />
    </${Beside}>` : html`<p class="note" role="status">Loading …</p>`}
  </${Piece}>`;
}

function Gate({ start }) {
  const [weights, setWeights] = useShared("w", start.weights);
  const [bias, setBias] = useShared("b", start.bias);
  const [wanted, setWanted] = useShared("gate", "and");
  const found = useCompute("perceptron", "gate", { weights, bias });
  const made = found.value;
  const target = made && made.wanted[wanted];
  const right = target ? made.answers.filter((answer, i) => answer === target[i]).length : null;
  const weight = (i) => (value) => setWeights((old) => old.map((each, at) => (at === i ? value : each)));
  return html`<${Piece} title="What one line can separate" error=${found.error}
    try="Find weights for and, then for or. Then try xor: however you place the line, a corner stays wrong.">
    <${Fields}>
      <${Choice} label="The neuron shall answer" value=${wanted} change=${setWanted} options=${["and", "or", "xor"]} />
      <${Slider} label="Weight of a" value=${weights[0]} min=${-3} max=${3} step=${0.1} change=${weight(0)} show=${(value) => cellText(value, 1)} />
      <${Slider} label="Weight of b" value=${weights[1]} min=${-3} max=${3} step=${0.1} change=${weight(1)} show=${(value) => cellText(value, 1)} />
      <${Slider} label="The neuron's bias" value=${bias} min=${-3} max=${3} step=${0.1} change=${setBias} show=${(value) => cellText(value, 1)} />
    </${Fields}>
    ${made && target ? html`<${Beside}>
      <${Corners} made=${made} target=${target} />
      <div><${Figure} name=${`Corners of ${wanted} that are right`} value=${`${right} of 4`} note=${made.gates.length ? `This is ${made.gates.join(", ")}.` : "This is none of the three."} />
        <${Scroll} label="The four corners"><table>
          <thead><tr>${["a", "b", "sum", "answer", "wanted"].map((head) => html`<th scope="col" class="number">${head}</th>`)}</tr></thead>
          <tbody>${made.corners.map((corner, i) => html`<tr>
            <td class="number">${corner[0]}</td><td class="number">${corner[1]}</td><td class="number">${two(made.sums[i])}</td><td class="number">${made.answers[i]}</td>
            <td class=${`number ${made.answers[i] === target[i] ? "better" : "worse"}`}>${target[i]} ${made.answers[i] === target[i] ? "right" : "wrong"}</td></tr>`)}</tbody>
        </table></${Scroll}></div>
    </${Beside}>` : html`<p class="note" role="status">Loading …</p>`}
  </${Piece}>`;
}

// The four corners, filled where the neuron answers 1, with a ring where 1 is wanted, and the line on which its sum is 0.
function Corners({ made, target }) {
  const place = (value) => 30 + (value + 0.5) * 120;
  const up = (value) => 300 - place(value);
  const said = made.corners.map((corner, i) => `at ${corner.join(", ")} it answers ${made.answers[i]}`).join("; ");
  return html`<figure><svg class="chart gate-corners" viewBox="0 0 300 300" role="img" aria-label=${`The neuron: ${said}.`}><g aria-hidden="true">
    <rect class="frame" x="30" y="30" width="240" height="240" />
    ${made.line.length ? html`<line class="first" x1=${place(made.line[0][0])} y1=${up(made.line[0][1])} x2=${place(made.line[1][0])} y2=${up(made.line[1][1])} />` : null}
    ${made.corners.map(([a, b], i) => html`<circle class=${`corner ${made.answers[i] ? "on" : ""} ${made.answers[i] === target[i] ? "" : "missed"}`} cx=${place(a)} cy=${up(b)} r="14" />
      <text class=${made.answers[i] ? "on" : ""} x=${place(a)} y=${up(b) + 4} text-anchor="middle">${made.answers[i]}</text>
      ${made.answers[i] === target[i] ? null : html`<text class="miss" x=${place(a)} y=${up(b) + 30} text-anchor="middle">wrong</text>`}`)}
    <text x="270" y="290" text-anchor="end">a →</text><text x="30" y="22">b ↑</text></g></svg>
    <figcaption>The line is where the neuron's sum is 0; on one side it answers 1.</figcaption></figure>`;
}
