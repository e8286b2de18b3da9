// Dropout and early stopping: what a dropout layer does to values, when training ends, and how many steps an epoch has.
import { html } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { count } from "../parts/words.js";
import { useCompute } from "./parts/compute.js";
import { Fields, Grid, NumberField, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece } from "./parts/piece.js";
import { Plot } from "./parts/plot.js";
import { useShared } from "./parts/shared.js";
import { numbers } from "./sound.js";

export default function Stopping({ lesson, run }) {
  const { drop, stop, passes } = lesson.computes;
  return html`<${Dropping} start=${drop} /><${Ending} start=${stop} run=${run} /><${Steps} start=${passes} />`;
}

function Dropping({ start }) {
  const [asked, setValues] = useShared("values", start.values);
  const values = numbers(asked, start.values);
  const [rate, setRate] = useShared("rate", start.rate);
  const [epoch, setEpoch] = useShared("epoch", start.epoch);
  const { value, error } = useCompute("stopping", "drop", { ...start, values, rate, epoch });
  return html`<${Piece} title="Dropout" error=${error}
    try="Press Next epoch: other values are dropped, and the rest is enlarged by the same factor. When the network answers, nothing is dropped.">
    <${Fields}>
      <${Slider} label="rate" value=${rate} min=${0} max=${0.95} step=${0.05} change=${setRate} note="the share of values that is dropped" />
      <${Slider} label="epoch" value=${epoch} min=${0} max=${50} change=${setEpoch} />
    </${Fields}>
    <p><button type="button" class="button" onClick=${() => setEpoch(Math.min(50, epoch + 1))}>Next epoch</button></p>
    <${Beside}>
      <${Grid} label="Values before dropout" title="values of one layer" values=${[values]} change=${(rows) => setValues(rows[0])} digits=${2} tint="signed" />
      <${Figure} name="what is kept is multiplied by" value=${value ? value.factor.toFixed(2) : null} note=${`1 ÷ (1 − ${rate})`} />
    </${Beside}>
    <${Beside}>
      <${Grid} label="The same values after dropout, for four pictures of a training step" title="in training: four pictures, one row each"
        values=${value ? value.training : []} digits=${2} tint="signed" most=${4} />
      <${Grid} label="The values when the network answers" title="when the trained network answers" values=${value ? [value.answering] : []} digits=${2} tint="signed" most=${4} />
    </${Beside}>
    <p role="status">${value ? `Dropped in these four rows: ${value.dropped.join(", ")} of ${values.length} values.` : ""}</p>
  </${Piece}>`;
}

function Ending({ start, run }) {
  const [asked, setScores] = useShared("scores", start.scores);
  const scores = numbers(asked, start.scores);
  const [patience, setPatience] = useShared("patience", start.patience);
  const [delta, setDelta] = useShared("delta", start.min_delta);
  const { value, error } = useCompute("stopping", "stop", { scores, patience, min_delta: delta });
  const own = useAnswer(run ? `/api/runs/${run}` : "");
  const known = own.value ? own.value.curve.map((row) => row.validation_score).filter((score) => score !== null && score >= 0 && score <= 1).slice(0, 60) : [];
  const points = scores.map((score, i) => [i + 1, score]);
  const ended = value ? Math.min(value.epochs, scores.length) : 0;
  const best = value && value.best_epoch <= scores.length ? value.best_epoch : 0;
  return html`<${Piece} title="Early stopping" error=${error}
    try="Set the patience to 1: training ends after epoch 4 and never comes to the better epoch 5.">
    <${Fields}>
      <${Slider} label="patience" value=${patience} min=${1} max=${10} change=${setPatience} unit="epochs" note="epochs without a new best before training ends" />
      <${Slider} label="smallest improvement" value=${delta} min=${0} max=${0.05} step=${0.005} change=${setDelta} note="less than this counts as none" />
    </${Fields}>
    <${Grid} label="Validation score of each epoch" title=${`validation score after each epoch, from 0 to 1; epochs 1 to ${scores.length} from left to right`} values=${[scores]} change=${(rows) => setScores(rows[0])} digits=${3} />
    <p class="row">
      <button type="button" class="button" onClick=${() => setScores([...scores, scores[scores.length - 1]])} disabled=${scores.length >= 60}>One epoch more</button>
      <button type="button" class="button" onClick=${() => setScores(scores.slice(0, -1))} disabled=${scores.length < 2}>One epoch less</button>
      <button type="button" class="button" onClick=${() => setScores(start.scores)}>The example</button>
      ${known.length > 1 ? html`<button type="button" class="button" onClick=${() => setScores(known.map((score) => Number(score.toFixed(3))))}>The scores of your run</button>` : null}
    </p>
    <${Beside}>
      <${Plot} label="Validation score" x="epoch" y="validation score" table=${false}
        lines=${[{ name: "reached", points: points.slice(0, ended || points.length) }, ...(ended && ended < points.length ? [{ name: "never trained", points: points.slice(ended - 1) }] : [])]}
        range=${{ x: [1, Math.max(2, scores.length)] }} mark=${best ? { x: best, y: scores[best - 1], text: "Kept" } : null} />
      <div class="fit-figures">
        <${Figure} name="training ends after epoch" value=${value ? value.epochs : null} note=${value ? (value.stopped ? "the patience is over" : "the last epoch there is") : ""} />
        <${Figure} name="weights are kept of epoch" value=${value ? value.best_epoch : null} note="the best one; marked with a ring" />
      </div>
    </${Beside}>
  </${Piece}>`;
}

function Steps({ start }) {
  const [pictures, setPictures] = useShared("pictures", start.pictures);
  const [batch, setBatch] = useShared("batch", start.batch);
  const [epochs, setEpochs] = useShared("epochs", start.epochs);
  const { value, error } = useCompute("stopping", "passes", { pictures, batch, epochs });
  return html`<${Piece} title="Steps and epochs" error=${error} try="Double the batch: an epoch has half the steps. The last batch is as large as what is left.">
    <div class="fields controls">
      <${NumberField} label="training pictures" value=${pictures} min=${1} max=${2000000} step=${1} change=${setPictures} />
      <${NumberField} label="batch" value=${batch} min=${1} max=${100000} step=${1} change=${setBatch} note="pictures of one step" />
      <${NumberField} label="epochs" value=${epochs} min=${1} max=${10000} step=${1} change=${setEpochs} note="passes over all pictures" />
    </div>
    <${Beside}>
      <${Figure} name="steps in an epoch" value=${value ? count(value.steps) : null} note=${value ? `the last with ${count(value.last)} pictures` : ""} />
      <${Figure} name="steps in all" value=${value ? count(value.all) : null} note=${value ? `${count(value.steps)} × ${count(epochs)}` : ""} />
    </${Beside}>
  </${Piece}>`;
}
