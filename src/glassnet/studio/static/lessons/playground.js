// A playground: points of two classes, a network that learns them while one looks on, and the boundary that it draws.
import { html, useEffect, useMemo, useRef, useState } from "../parts/html.js";
import { percent } from "../parts/words.js";
import { compute, useCompute } from "./parts/compute.js";
import { cellText } from "./parts/grid.js";
import { Choice, Fields, Slider } from "./parts/inputs.js";
import { Piece, Rows } from "./parts/piece.js";
import { Plot } from "./parts/plot.js";
import { useShared } from "./parts/shared.js";

const SETS = [["clouds", "two clouds"], ["circle", "a ring"], ["xor", "xor"], ["spiral", "a spiral"]].map(([value, text]) => ({ value, text }));
const ACTIVATIONS = [["tanh", "tanh"], ["relu", "ReLU"], ["sigmoid", "sigmoid"], ["gelu", "GELU"]].map(([value, text]) => ({ value, text }));
const DECAYS = [0, 0.001, 0.01, 0.03, 0.1].map((value) => ({ value, text: String(value) }));
const PASSES = 1; // a call; the next begins when the answer is drawn
const PAUSE = 40; // milliseconds between two calls, so that the page stays quick
const LONGEST = 2000; // passes after which it rests by itself
const BLUE = [11, 98, 164];
const ORANGE = [178, 74, 0];

export default function Playground({ lesson }) {
  const given = lesson.computes.train;
  const [points, setPoints] = useShared("points", given.points);
  const [count, setCount] = useShared("count", given.count);
  const [noise, setNoise] = useShared("noise", given.noise);
  const [hidden, setHidden] = useShared("hidden", given.hidden);
  const [activation, setActivation] = useShared("activation", "tanh");
  const [rate, setRate] = useShared("rate", given.rate);
  const [decay, setDecay] = useShared("decay", 0);
  const [dropout, setDropout] = useShared("dropout", 0);
  const [start, setStart] = useShared("start", given.seed);
  const good = Array.isArray(hidden) && hidden.every(Number.isInteger) ? hidden : given.hidden;
  const network = { points, count, noise, seed: start, hidden: good, activation };
  const settings = { ...network, rate, decay, dropout };
  const drawn = useCompute("playground", "examples", { points, count, noise, seed: start });
  const run = useTraining(network, settings);
  const { now, curve, error, going } = run;
  const overfit = () => { setPoints("clouds"); setNoise(0.8); setCount(40); setHidden([12, 12]); setRate(0.03); setDecay(0); setDropout(0); };
  const layer = (i) => (size) => setHidden(good.map((old, at) => (at === i ? size : old)));
  return html`<div class="play">
    <div class="play-board">
      <${Piece} title="Points and a boundary" error=${error || drawn.error} try="Press Start: the colour behind the points is the network's answer, and it changes as it learns.">
        <${Board} now=${now} examples=${drawn.value} />
        <div class="row">
          <button type="button" class="button main play-start" onClick=${going ? run.pause : run.play}>${going ? "Pause" : "Start"}</button>
          <button type="button" class="button" onClick=${() => run.step(1)}>One pass</button>
          <button type="button" class="button" onClick=${run.reset}>Start anew</button>
        </div>
        <${Standing} now=${now} going=${going} />
      </${Piece}>
    </div>
    <div class="settings">
      <${Piece} title="The points" try="Choose the ring, then the spiral: each needs a boundary of another shape.">
        <${Choice} label="Points" value=${points} options=${SETS} change=${setPoints} />
        <${Fields}>
          <${Slider} label="Noise" value=${noise} min=${0} max=${1} step=${0.05} change=${setNoise} />
          <${Slider} label="How many points" value=${count} min=${20} max=${400} step=${20} change=${setCount} />
        </${Fields}>
        <p class="row"><button type="button" class="button" onClick=${() => setStart(start + 1)}>Other points and first weights</button></p>
      </${Piece}>
      <${Piece} title="The network" try="Remove both hidden layers and start: only a straight line is left. For the spiral, give both layers 12 neurons.">
        <${Fields}>
          ${good.map((size, i) => html`<${Slider} key=${i} label=${`Neurons in hidden layer ${i + 1}`} value=${size} min=${1} max=${16} change=${layer(i)} />`)}
        </${Fields}>
        <div class="row">
          <button type="button" class="button" aria-disabled=${good.length >= 4} onClick=${() => good.length < 4 && setHidden([...good, 3])}>Add a hidden layer</button>
          <button type="button" class="button" aria-disabled=${!good.length} onClick=${() => good.length && setHidden(good.slice(0, -1))}>Remove a hidden layer</button>
        </div>
        <${Choice} label="Activation" value=${activation} options=${ACTIVATIONS} change=${setActivation} />
        <p class="note tabular">${now ? `${now.parameters} weights and biases.` : ""}</p>
        <${Neurons} now=${now} />
      </${Piece}>
      <${Piece} title="How it learns" try="Set the learning rate to 3 and press Start: the loss jumps and does not settle.">
        <${Fields}>
          <${Slider} label="Learning rate" value=${rate} min=${0.0001} max=${10} log=${true} change=${setRate} />
          <${Slider} label="Dropout" value=${dropout} min=${0} max=${0.8} step=${0.1} change=${setDropout} />
        </${Fields}>
        <${Choice} label="Weight decay (regularisation)" value=${decay} options=${DECAYS} change=${setDecay} />
        <p>Many neurons wind around few noisy points: ${" "}<button type="button" class="link" onClick=${overfit}>set this up</button> and press Start.
          Then start anew with a weight decay of 0.01: the boundary is smoother, and the loss on new points lower.</p>
        <${Plot} label="Loss" x="passes" y="loss" table=${false} range=${{ x: [0, Math.max(40, now ? now.passes : 0)], y: [0, Math.max(1, Math.min(5, Math.max(0, ...curve.map((one) => one.loss))))] }}
          lines=${[{ name: "training points", points: curve.map((one) => [one.passes, one.loss]) }, { name: "new points", points: curve.map((one) => [one.passes, one.new_loss]) }]} />
        <${Rows} caption="Where it stands" head=${["", "loss", "right answers"]} rows=${now ? [
          ["training points", cellText(now.loss, 3), percent(now.accuracy, 0)], ["new points", cellText(now.new_loss, 3), percent(now.new_accuracy, 0)]] : []} />
      </${Piece}>
    </div>
  </div>`;
}

// The network as it learns: the server goes on from the state that the page hands back, one call at a time.
// Another network or other points begin anew; learning rate and regularisation may change on the way.
function useTraining(network, settings) {
  const [state, setState] = useState({ now: null, curve: [], error: "", going: false });
  const work = useRef({ turn: 0, asking: false, going: false, now: null, settings });
  work.current.settings = settings;
  const kind = JSON.stringify(network);

  const ask = async (passes) => {
    const own = work.current;
    if (own.asking) return;
    own.asking = true;
    const turn = own.turn;
    let told = null;
    let error = "";
    try {
      told = await compute("playground", "train", { ...own.settings, passes, neurons: true, ...(own.now ? { state: own.now.state } : {}) });
    } catch (wrong) {
      error = wrong.message;
    }
    own.asking = false;
    if (own.ended) return;
    if (turn !== own.turn) {  // it was started anew meanwhile
      ask(0);
      return;
    }
    if (error) own.going = false;
    else own.now = told;
    const rests = told && told.passes >= LONGEST;
    if (rests) own.going = false;
    setState((old) => (error ? { ...old, error, going: false }
      : { now: told, curve: [...old.curve.filter((one) => one.passes < told.passes), brief(told)], error: "", going: own.going }));
    if (own.going) setTimeout(() => own.going && !own.ended && ask(PASSES), PAUSE);
  };
  const fresh = () => {
    const own = work.current;
    Object.assign(own, { turn: own.turn + 1, now: null });
    setState((old) => ({ ...old, curve: [], error: "", going: own.going }));
    ask(0);
  };

  useEffect(() => { fresh(); }, [kind]);
  useEffect(() => {
    work.current.ended = false;
    return () => Object.assign(work.current, { ended: true, going: false });
  }, []);

  return {
    ...state,
    play: () => { work.current.going = true; setState((old) => ({ ...old, going: true, error: "" })); ask(PASSES); },
    pause: () => { work.current.going = false; setState((old) => ({ ...old, going: false })); },
    step: (passes) => { work.current.going = false; setState((old) => ({ ...old, going: false })); ask(passes); },
    reset: () => { work.current.going = false; fresh(); },
  };
}

const brief = ({ passes, loss, new_loss }) => ({ passes, loss, new_loss });

// It is read out where it rests, and not twenty times a second.
function Standing({ now, going }) {
  return html`<p class="tabular play-standing" role="status" aria-live=${going ? "off" : "polite"}>${now ? html`After ${now.passes} ${now.passes === 1 ? "pass" : "passes"}: <strong>${percent(now.accuracy, 0)}</strong> of the training points are right,
    ${" "}<strong>${percent(now.new_accuracy, 0)}</strong> of new ones.` : "Loading …"}</p>`;
}

// The share of orange in every field, from blue over white to orange.
function shade(canvas, rows, share) {
  const [height, width] = [rows.length, rows[0].length];
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  rows.forEach((row, y) => row.forEach((value, x) => {
    const signed = Math.max(-1, Math.min(1, share(value)));
    const full = signed < 0 ? BLUE : ORANGE;
    const strength = 0.7 * Math.abs(signed);
    const i = 4 * (y * width + x);
    for (let c = 0; c < 3; c += 1) image.data[i + c] = 255 + (full[c] - 255) * strength;
    image.data[i + 3] = 255;
  }));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function Board({ now, examples }) {
  const canvas = useRef(null);
  useEffect(() => {
    if (now) shade(canvas.current, now.boundary, (value) => 2 * value - 1);
  }, [now]);
  const said = now ? `The square, coloured by the network's answer. ${percent(now.accuracy, 0)} of the points lie in their own colour.` : "The square of the points.";
  const dots = useMemo(() => (examples ? examples.x.map((x, i) => {
    const kind = examples.classes[examples.class[i]];
    const y = 1 - examples.y[i];
    return kind === "blue" ? html`<circle class="point blue" cx=${x} cy=${y} r=".014" />`
      : html`<rect class="point orange" x=${x - 0.013} y=${y - 0.013} width=".026" height=".026" />`;
  }) : null), [examples]);
  return html`<figure><div class="play-field" role="img" aria-label=${said}><canvas ref=${canvas} width="40" height="40"></canvas>
    <svg viewBox="0 0 1 1" aria-hidden="true">${dots}</svg></div>
    <figcaption>Round points are blue, square ones orange. White is where the network is undecided.</figcaption></figure>`;
}

function Neurons({ now }) {
  if (!now || !now.neurons || !now.neurons.length) return html`<p class="note">Without a hidden layer there is only the straight line.</p>`;
  return html`<div class="play-layers">${now.neurons.map((layer, i) => html`<div key=${i}><p class="note">hidden layer ${i + 1}</p>
    <div class="maps">${layer.map((rows, j) => html`<${Neuron} key=${j} rows=${rows} label=${`Layer ${i + 1}, neuron ${j + 1}`} />`)}</div></div>`)}</div>
    <p class="note">Each square is what one neuron answers over the whole square of points: orange above 0, blue below.</p>`;
}

function Neuron({ rows, label }) {
  const canvas = useRef(null);
  useEffect(() => {
    const most = Math.max(...rows.flat().map(Math.abs), 1e-6);
    shade(canvas.current, rows, (value) => value / most);
  }, [rows]);
  return html`<canvas ref=${canvas} width="16" height="16" role="img" aria-label=${label}></canvas>`;
}
