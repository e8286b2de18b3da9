// Over- and underfitting: the same points learned by a network of any size; its curves and its boundary are drawn while it learns.
import { html, useEffect, useRef, useState } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { LearningCurves } from "../parts/chart.js";
import { count, percent } from "../parts/words.js";
import { compute, useCompute } from "./parts/compute.js";
import { Choice, Fields, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece, Rows } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { Plane } from "./fitting-plane.js";

const ALL = 100;  // passes
const PART = 10;  // passes of one call
const NEURONS = [0, 1, 2, 4, 8, 16, 32, 64];
const KINDS = { overfitting: "bad", underfitting: "bad", balanced: "good" };

export default function Fitting({ lesson, run }) {
  return html`<${Own} start=${lesson.computes.train} /><${Published} />${run ? html`<${Yours} run=${run} />` : null}`;
}

// Train from the beginning whenever a setting changes, some passes at a time, until all are done.
function useTraining(given) {
  const [state, setState] = useState({ value: null, error: "", busy: true });
  const [turn, setTurn] = useState(0);
  const text = JSON.stringify(given);
  const newest = useRef(0);
  useEffect(() => {
    const mine = ++newest.current;
    const go = async () => {
      await new Promise((done) => { setTimeout(done, 120); });  // a slider that still moves
      let before = {};
      for (let done = 0; done < ALL && mine === newest.current; done += PART) {
        const value = await compute("fitting", "train", { ...JSON.parse(text), ...before, passes: PART });
        if (mine !== newest.current) return;
        before = { state: value.state, curves: value.curves };
        setState({ value, error: "", busy: done + PART < ALL });
      }
    };
    setState((old) => ({ ...old, busy: true }));
    go().catch((wrong) => mine === newest.current && setState((old) => ({ ...old, error: wrong.message, busy: false })));
    return () => { newest.current += 1; };
  }, [text, turn]);
  return { ...state, again: () => setTurn(turn + 1) };
}

function Own({ start }) {
  const [points, setPoints] = useShared("points", start.points);
  const [neurons, setNeurons] = useShared("neurons", start.neurons);
  const [many, setMany] = useShared("count", start.count);
  const [dropout, setDropout] = useShared("dropout", start.dropout);
  const [noise, setNoise] = useShared("noise", start.noise);
  const [draw, setDraw] = useShared("draw", start.seed);
  const { value, error, busy, again } = useTraining({ points, neurons, count: many, dropout, noise, seed: draw });
  const rows = value ? value.curves.map((row) => ({ ...row, score: row.accuracy, validation_score: row.validation_accuracy })) : [];
  const last = rows[rows.length - 1];
  const at = Math.max(0, NEURONS.indexOf(neurons));
  return html`<${Piece} title="Too much room, or too little" error=${error}
    try="With 24 points it learns nearly all of them by heart, and new points less well: overfitting. Give it 300 points: balanced. Then set the neurons to 0: underfitting.">
    <${Choice} label="points" value=${points} options=${["clouds", "circle", "xor", "spiral"]} change=${setPoints} />
    <${Fields}>
      <${Slider} label="neurons in two layers" value=${at} min=${0} max=${NEURONS.length - 1} show=${(i) => NEURONS[i]} change=${(i) => setNeurons(NEURONS[i])} />
      <${Slider} label="training points" value=${many} min=${8} max=${400} step=${4} change=${setMany} />
      <${Slider} label="dropout" value=${dropout} min=${0} max=${0.8} step=${0.05} change=${setDropout} />
      <${Slider} label="noise in the points" value=${noise} min=${0} max=${1} step=${0.05} change=${setNoise} />
    </${Fields}>
    <p class="row"><button type="button" class="button" onClick=${again}>Learn again</button>
      <button type="button" class="button" onClick=${() => setDraw(draw + 1)}>Other points</button>
      <span class="note tabular" role="status">${value ? `${last.epoch} of ${ALL} passes${busy ? " …" : ", done"}` : "Learning …"}</span></p>
    <${Beside}>
      <${Plane} places=${value ? value.places : null} boundary=${value ? value.boundary : null} />
      <div class="fit-figures">
        <${Figure} name="right of its training points" value=${last ? percent(last.accuracy) : null} note=${value ? `${count(many)} points, ${count(value.parameters)} parameters` : ""} />
        <${Figure} name="right of 400 new points" value=${last ? percent(last.validation_accuracy) : null} note=${value ? `a gap of ${(100 * value.gap).toFixed(1).replace("-", "−")} points` : ""} />
      </div>
    </${Beside}>
    <div class="verdict-place" role="status">${value && !busy ? html`<div class=${`verdict ${KINDS[value.verdict.kind] || ""}`}>
      <p><strong>Verdict: ${value.verdict.kind}.</strong> ${value.verdict.sentences.join(" ")}</p></div>` : null}</div>
    <${LearningCurves} rows=${rows} epochs=${ALL} score="share that is right" />
  </${Piece}>`;
}

function Published() {
  const { value, error } = useCompute("fitting", "published", {});
  const cell = (found) => (found === undefined ? "" : found.toFixed(4));
  return html`<${Piece} title="A published run" error=${error}
    try="Look at the last two rows: the training loss still falls, the validation loss has begun to rise.">
    ${value ? html`<${Rows} caption="The tutorial network on 50,000 photographs, ten epochs" head=${["epoch", "training loss", "training accuracy", "validation loss"]}
        rows=${value.rows.map((row) => [row.epoch, cell(row.loss), cell(row.accuracy), cell(row.validation_loss)])} />
      <p>The validation loss is lowest after epoch ${value.best_epoch} and ${percent(value.rise)} higher after the last one. From the first epoch to the last
        the training loss fell by ${value.loss_fell.toFixed(4)}, the validation loss by ${value.validation_loss_fell.toFixed(4)} only.</p>` : null}
  </${Piece}>`;
}

// The reader's own run: its curves, and what the product says of them.
function Yours({ run }) {
  const { value, error } = useAnswer(`/api/runs/${run}`);
  return html`<${Piece} title="Your run" error=${error} try="Look whether the two curves part, and where.">
    ${value ? html`<${LearningCurves} rows=${value.curve} epochs=${value.run.epochs_planned} />
      ${value.verdict.sentences ? html`<div class=${`verdict ${KINDS[value.verdict.kind] || ""}`}><p><strong>Verdict: ${value.verdict.kind}.</strong> ${value.verdict.sentences.join(" ")}</p></div>` : null}
      <p class="note"><a href=${`/run/${run}`}>${value.run.name}</a></p>` : html`<p class="note" role="status">Loading …</p>`}
  </${Piece}>`;
}
