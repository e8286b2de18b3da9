// One run: how it stands, live while it trains, its curves, scores, settings and words.
import { html, useCallback, useEffect, useState } from "../parts/html.js";
import { post, useAnswer, useStream } from "../parts/api.js";
import { LearningCurves } from "../parts/chart.js";
import { Button, Log, Next, Progress, Scroll, State, Wrong } from "../parts/show.js";
import { capital, count, duration, figure, score, setting, time } from "../parts/words.js";

export default function Run({ id }) {
  const answer = useAnswer(`/api/runs/${id}`);
  const [live, setLive] = useState(null);
  const [turn, setTurn] = useState(0);  // after `resume` the stream is opened anew
  const hear = useCallback((state) => setLive((old) => ({ ...state, curve: [...(old ? old.curve : []).slice(0, state.from), ...state.epochs] })), []);
  useStream(`/api/runs/${id}/events${turn ? `?turn=${turn}` : ""}`, { state: hear, end: answer.again });
  useEffect(() => {
    if (answer.value) document.title = `${answer.value.run.name} · Glassnet studio`;
  }, [answer.value]);
  const whole = answer.value;
  const now = live || whole;
  if (!now) return html`<h1>Run</h1>${answer.error ? html`<${Wrong} text=${answer.error} />` : html`<p class="note" role="status">Loading …</p>`}`;
  const { run, job, curve } = now;
  const again = () => post(`/api/runs/${id}/resume`).then(() => new Promise((done) => { setTimeout(done, 300); })).then(() => setTurn(turn + 1));
  const main = run.scores.validation;
  const going = run.status === "running" || run.status === "planned";
  return html`
    <h1>${run.name}</h1>
    <p class="lead">${run.network} on ${run.data}${run.task ? `, ${run.task}` : ""}</p>
    <div class="standing">
      <p role="status"><${State} status=${run.status} /> <${Progress} run=${run} /> <span class="note">${duration(run.seconds)}${run.status === "running" ? left(run, curve, whole && whole.settings["train.minutes"]) : ""}</span></p>
      <p class="act">
        ${job && going ? html`<${Button} work=${() => post(`/api/runs/${id}/stop`)}>Stop</${Button}>` : null}
        ${!job && run.resumable ? html`<${Button} kind="main" work=${again}>Resume</${Button}>` : null}
        ${run.report ? html`<a class="button" href=${`/glass/${id}`}>Look into the network</a>` : null}
        ${main && run.here ? html`<a class="button main" href=${`/results/${id}`}>Look into the results</a>` : null}
        ${run.report ? html`<a class="button" href=${`/report/${id}`} target="_blank" rel="noopener">Open the report</a>` : null}
      </p>
    </div>
    ${run.sentence && run.status !== "done" ? html`<p class=${run.status === "failed" ? "wrong" : "warning"}>${run.sentence}</p>` : null}
    ${run.status === "running" && !job ? html`<p class="note">It was started in a terminal. Ctrl-C there stops it and saves it.</p>` : null}
    ${run.here || going ? null : html`<p class="warning">The folder of this run is not here any more. What follows is what the ledger knows of it.</p>`}
    ${main ? html`<${Scores} run=${run} whole=${whole} />` : null}
    <h2>Learning curves</h2>
    <${LearningCurves} rows=${curve} epochs=${run.epochs_planned} />
    <details><summary>The curves as a table</summary><${CurveTable} rows=${curve} /></details>
    ${whole && whole.figures.length ? html`<${Figures} figures=${whole.figures} />` : null}
    <h2>What it says</h2>
    <details open=${run.status === "running" || run.status === "failed" || null}><summary>The run's log</summary>
      <${Log} label="The run's log" text=${now.log} /></details>
    ${whole ? html`<${Settings} whole=${whole} />` : null}`;
}

const LOOKED_AT = 7;

// How long the rest will take, by the middle one of the last epochs: one that was held up does not count for all.
function left(run, curve, minutes) {
  if (minutes) return ` of about ${duration(60 * minutes)}`;
  const last = curve.slice(-LOOKED_AT);
  const took = last.slice(1).map((row, i) => row.seconds - last[i].seconds).filter((each) => each > 0).sort((a, b) => a - b);
  const rest = run.epochs_planned - run.epochs_done;
  return took.length > 1 && rest > 0 ? `, about ${duration(took[Math.floor(took.length / 2)] * rest)} left` : "";
}

function Scores({ run, whole }) {
  const { validation, test } = run.scores;
  const verdict = whole && whole.verdict;
  return html`<div class="head">
    <div class="card"><p>${capital(validation.title)} on validation</p><p class="big">${score(validation.value)}</p>
      <p class="note">between ${score(validation.low)} and ${score(validation.high)} (95 %), ${count(validation.n)} pictures</p></div>
    ${test ? html`<div class="card"><p>${capital(test.title)} on the test set</p><p class="big">${score(test.value)}</p>
      <p class="note">between ${score(test.low)} and ${score(test.high)} (95 %), ${count(test.n)} pictures</p></div>` : null}
    </div>
    ${verdict && verdict.sentences ? html`<div class=${`verdict ${verdict.kind === "balanced" ? "good" : ""}`}>
      <p><strong>Verdict: ${verdict.kind}.</strong></p>
      ${verdict.sentences.map((sentence) => html`<p>${sentence}</p>`)}
      <${Next} step=${verdict.next_step} opened=${whole.test_opened}>the button in <a href=${`/results/${run.id}`}>its results</a></${Next}></div>` : null}`;
}

function CurveTable({ rows }) {
  const show = (value) => (value === null ? "" : value.toFixed(4));
  return html`<${Scroll} label="Learning curves"><table>
    <thead><tr>${["epoch", "loss", "score", "validation loss", "validation score", "time"].map((title) => html`<th scope="col" class="number">${title}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.epoch}><th scope="row" class="number">${row.epoch}</th>
      ${["loss", "score", "validation_loss", "validation_score"].map((key) => html`<td class="number">${show(row[key])}</td>`)}
      <td class="number">${duration(row.seconds)}</td></tr>`)}</tbody></table></${Scroll}>`;
}

function Figures({ figures }) {
  const whole = figures.filter((one) => one.kind === "figure");
  const names = [...new Set(whole.map((one) => one.title))];
  const splits = [...new Set(whole.map((one) => one.split))];
  return html`<h2>Scores</h2><${Scroll} label="Scores"><table>
    <thead><tr><th scope="col">score</th>${splits.map((split) => html`<th scope="col" class="number">${split}</th>`)}</tr></thead>
    <tbody>${names.map((name) => html`<tr key=${name}><th scope="row">${name}</th>
      ${splits.map((split) => html`<td class="number">${figure(whole.find((one) => one.title === name && one.split === split))}</td>`)}</tr>`)}</tbody>
  </table></${Scroll}>`;
}

function Settings({ whole }) {
  const reasons = Object.fromEntries(whole.choices.map((choice) => [choice.name, choice.reason]));
  return html`<h2>Settings</h2>
    <details><summary>Every setting</summary><${Scroll} label="Settings"><table>
      <thead><tr><th scope="col">setting</th><th scope="col">value</th><th scope="col">reason</th></tr></thead>
      <tbody>${Object.entries(whole.settings).map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td class="word">${setting(value)}</td>
        <td class="word">${reasons[name] || reasons[name.split(".").pop()] || ""}</td></tr>`)}</tbody></table></${Scroll}></details>
    <p class="note">Started ${time(whole.run.started)} on ${whole.machine || "a machine that is not on record"}, code ${whole.code || "not on record"}.
      ${whole.test_opened ? ` The test set was opened ${whole.test_opened === 1 ? "once" : `${whole.test_opened} times`}.` : " The test set is sealed."}</p>`;
}
