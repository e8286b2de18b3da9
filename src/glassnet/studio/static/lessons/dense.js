// Why not a fully connected network: the weights of one neuron, of a small network, and the shapes of its matrices.
import { html } from "../parts/html.js";
import { count } from "../parts/words.js";
import { useCompute } from "./parts/compute.js";
import { Fields, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece, Rows } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";

export default function Dense({ lesson }) {
  const { neuron, network, matrices } = lesson.computes;
  return html`<${Neuron} start=${neuron} /><${Network} start=${network} /><${Matrices} start=${matrices} />`;
}

const shown = (value) => (value === undefined || value === null ? null : count(value));

function Neuron({ start }) {
  const [side, setSide] = useShared("side", start.height);
  const [channels, setChannels] = useShared("colours", start.channels);
  const values = { ...start, height: side, width: side, channels };
  const found = useCompute("dense", "neuron", values);
  const small = useCompute("dense", "neuron", { ...start, height: 28, width: 28, channels: 3 });
  const made = found.value;
  return html`<${Piece} title="One neuron that sees every pixel" error=${found.error}
    try="Make the picture larger: the neuron's weights grow with every pixel, those of a filter stay.">
    <${Fields}>
      <${Slider} label="Height and width" value=${side} min=${4} max=${400} step=${4} unit="pixels" change=${setSide} />
      <${Slider} label="Colours" value=${channels} min=${1} max=${3} change=${setChannels} />
    </${Fields}>
    <${Beside}>
      <${Figure} name="Weights of one neuron" value=${made && shown(made.weights)} note=${made && `${found.of.height} × ${found.of.width} × ${found.of.channels}`} />
      <${Figure} name="Weights of one filter" value=${made && shown(made.filter_weights)}
        note=${made && `3 × 3 × ${found.of.channels}, used at ${count(made.filter_values)} places`} />
    </${Beside}>
    ${small.value ? html`<p class="note">For a picture of 28 × 28 pixels in three colours one neuron needs ${count(small.value.weights)} weights.</p>` : null}
  </${Piece}>`;
}

function Network({ start }) {
  const [height, setHeight] = useShared("height", start.height);
  const [width, setWidth] = useShared("width", start.width);
  const [hidden, setHidden] = useShared("hidden", start.hidden);
  const [outputs, setOutputs] = useShared("outputs", start.outputs);
  const found = useCompute("dense", "network", { ...start, height, width, hidden, outputs });
  const made = found.value;
  return html`<${Piece} title="A small network, counted" error=${found.error}
    try="Double the hidden neurons, then double the height. Which costs more? Neither helps the network to see.">
    <${Fields}>
      <${Slider} label="Height" value=${height} min=${4} max=${200} unit="pixels" change=${setHeight} />
      <${Slider} label="Width" value=${width} min=${4} max=${200} unit="pixels" change=${setWidth} />
      <${Slider} label="Hidden neurons" value=${hidden} min=${1} max=${500} change=${setHidden} />
      <${Slider} label="Outputs" value=${outputs} min=${1} max=${20} change=${setOutputs} />
    </${Fields}>
    <${Beside}>
      <${Figure} name="Weights and biases" value=${made && shown(made.parameters)} />
      ${made ? html`<${Rows} caption="Layer by layer" head=${["layer", "output", "weights and biases"]}
        rows=${made.rows.map((row) => [row.name, row.output, count(row.parameters)])} />` : null}
    </${Beside}>
    <p class="tabular sum-line" role="status">${made ? made.sum : " "}</p>
    <p class="note">From left to right: inputs times hidden weights, hidden biases, hidden times output weights, output biases.</p>
  </${Piece}>`;
}

function Matrices({ start }) {
  const [inputs, setInputs] = useShared("in", start.inputs);
  const [hidden, setHidden] = useShared("mid", start.hidden);
  const [outputs, setOutputs] = useShared("out", start.outputs);
  const found = useCompute("dense", "matrices", { inputs, hidden, outputs });
  const shape = (name) => (found.value ? `[${found.value.matrices[name].join("×")}]` : null);
  return html`<${Piece} title="The weights as matrices" error=${found.error}
    try="Add one hidden neuron: one matrix gets a column, the other a row.">
    <${Fields}>
      <${Slider} label="Inputs" value=${inputs} min=${1} max=${12} change=${setInputs} />
      <${Slider} label="Hidden neurons of this network" value=${hidden} min=${1} max=${12} change=${setHidden} />
      <${Slider} label="Outputs of this network" value=${outputs} min=${1} max=${12} change=${setOutputs} />
    </${Fields}>
    <${Drawn} sizes=${found.of ? [found.of.inputs, found.of.hidden, found.of.outputs] : [inputs, hidden, outputs]} />
    <${Beside}>
      <${Figure} name="Input to hidden" value=${shape("input to hidden")} />
      <${Figure} name="Hidden to output" value=${shape("hidden to output")} />
      <${Figure} name="Weights and biases together" value=${found.value && shown(found.value.parameters)} />
    </${Beside}>
  </${Piece}>`;
}

// Neurons as circles, each joined to each of the next layer.
function Drawn({ sizes }) {
  const place = (layer, i) => [60 + layer * 160, 110 + (i - (sizes[layer] - 1) / 2) * 17];
  const lines = [0, 1].flatMap((layer) => Array.from({ length: sizes[layer] * sizes[layer + 1] }, (_, i) => {
    const [x1, y1] = place(layer, Math.floor(i / sizes[layer + 1]));
    const [x2, y2] = place(layer + 1, i % sizes[layer + 1]);
    return html`<line class="axis" x1=${x1} y1=${y1} x2=${x2} y2=${y2} />`;
  }));
  const names = ["inputs", "hidden", "outputs"];
  return html`<svg class="chart neurons" viewBox="0 0 440 236" role="img" aria-label=${`${sizes[0]} inputs, ${sizes[1]} hidden neurons and ${sizes[2]} outputs, each joined to each of the next layer`}>
    <g aria-hidden="true">${lines}${sizes.flatMap((size, layer) => Array.from({ length: size }, (_, i) => {
      const [cx, cy] = place(layer, i);
      return html`<circle class="neuron" cx=${cx} cy=${cy} r="7" />`;
    }))}${names.map((name, layer) => html`<text x=${60 + layer * 160} y="232" text-anchor="middle">${name}</text>`)}</g></svg>`;
}
