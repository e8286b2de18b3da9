// Results: how good a run is, and the pictures behind every number of it.
import { html, useEffect } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { LearningCurves } from "../parts/chart.js";
import { put } from "../parts/router.js";
import { Wrong } from "../parts/show.js";
import { useWork, Working } from "../parts/work.js";
import { Confusion } from "../results/confusion.js";
import { Headline } from "../results/headline.js";
import { Mistakes } from "../results/mistakes.js";
import { Errors, Mosaic } from "../results/places.js";
import { Calibration, Tables } from "../results/tables.js";
import { Threshold } from "../results/threshold.js";

const CALLED = { test: "Test", validation: "Validation", train: "Training" };

export default function Results({ id, query }) {
  const { value: found, error, again } = useAnswer(`/api/results/${id}`);
  const whole = useAnswer(`/api/runs/${id}`);
  const splits = found ? Object.keys(found.splits) : [];
  const split = splits.includes(query.get("split")) ? query.get("split") : found ? found.main : null;
  useEffect(() => {
    if (found) document.title = `Results of ${found.run.name} · Glassnet studio`;
  }, [found]);
  if (!found) return html`<h1>Results</h1>${error ? html`<${Wrong} text=${error} /><p><a href=${`/run/${id}`}>The run</a></p>` : html`<p class="note" role="status">Loading …</p>`}`;
  return html`
    <h1>Results of ${found.run.name}</h1>
    <p class="lead"><a href=${`/run/${id}`}>${found.run.name}</a>: ${found.run.network} on ${found.run.data}, ${found.run.task}</p>
    ${splits.length > 1 ? html`<div class="sorters" role="group" aria-label="Pictures that are counted">${splits.map((name) => html`
      <button type="button" class="button" aria-pressed=${name === split} onClick=${() => put({ split: name === found.main ? "" : name, cell: "", from: "", worst: "", start: "" }, false)}>${CALLED[name]}</button>`)}</div>` : null}
    <${Headline} run=${id} found=${found} split=${split} opened=${() => { again(); whole.again(); }} />
    <${Contents} scores=${split ? found.splits[split] : null} classes=${found.classes.length} />
    <h2 id="curves-part">Learning curves</h2>
    ${whole.value ? html`<${LearningCurves} rows=${whole.value.curve} epochs=${whole.value.run.epochs_done} />
      ${found.best_epoch ? html`<p class="note">Epoch ${found.best_epoch} was kept.</p>` : null}` : html`<div class="charts-wait"></div>`}
    ${split ? html`<${Judged} key=${split} id=${id} found=${found} split=${split} query=${query} />` : null}`;
}

function Contents({ scores, classes }) {
  if (!scores) return null;
  const sorts = scores.task === "classify";
  const parts = [["curves", "Learning curves"], [sorts && classes === 2, "threshold", "Threshold"], [!sorts, "beside", "Truth and answer"], [scores.errors, "errors", "What goes wrong"],
    [scores.confusion, "confusion", "What is taken for what"], ["classes", "Class by class"], ["scores", "Scores"], [sorts, "worst", "Worst mistakes"], [scores.reliability, "confidence", "Confidence"]];
  const shown = parts.filter((part) => part.length === 2 || part[0]).map((part) => part.slice(-2));
  return html`<nav class="page-parts" aria-label="On this page"><ul>${shown.map(([name, title]) => html`<li><a href=${`#${name}-part`}>${title}</a></li>`)}</ul></nav>`;
}

function Judged({ id, found, split, query }) {
  const work = useWork(`/api/results/${id}/answers/${split}`);
  const scores = found.splits[split];
  const told = work.found || null;
  const answers = told && told.truths ? told : null;
  const two = scores.task === "classify" && found.classes.length === 2;
  const asked = query.get("threshold");
  const kept = scores.threshold;
  const threshold = two ? (asked !== null && asked !== "" && Number(asked) >= 0 && Number(asked) <= 1 ? Number(asked) : kept) : null;
  const shared = { run: id, found, scores, query, ready: told !== null, waits: work.state === "failed" ? "The pictures cannot be shown." : "Opening the pictures …" };
  return html`
    ${work.state === "failed" ? html`<p class="warning">The pictures cannot be shown, so what follows is what was stored with the run. ${work.error}</p>` : null}
    ${told && told.gone ? html`<p class="warning">${told.gone} of the pictures are not what they were when the run was trained, and are left out of what is counted anew.</p>` : null}
    ${two && work.state !== "failed" ? html`<${Threshold} found=${found} work=${work} answers=${answers} threshold=${threshold} name=${split} />`
      : work.state === "working" ? html`<${Working} work=${work} says="The pictures are opened, and the network answers for them again." />` : null}
    ${scores.task === "classify" ? null : html`<${Mosaic} ...${shared} /><${Errors} scores=${scores} split=${split} />`}
    ${scores.confusion ? html`<${Confusion} ...${shared} answers=${answers} threshold=${threshold} split=${split} />` : null}
    <${Tables} scores=${scores} />
    ${scores.task === "classify" ? html`<${Mistakes} ...${shared} /><${Calibration} scores=${scores} />` : null}`;
}
