// A question with two classes: from which probability on an answer counts as positive, and what that trades.
import { html, useMemo } from "../parts/html.js";
import { put } from "../parts/router.js";
import { Working } from "../parts/work.js";
import { count, named, score } from "../parts/words.js";
import { at, curves } from "./counting.js";
import { UnitCurve } from "./plots.js";

const BINS = 40;
const WIDE = 640;
const HALF = 52;
const PAD = 8;  // half of the slider's knob, so that knob and line stand at the same place

export function Threshold({ found, work, answers, threshold, name }) {
  const positive = answers ? found.classes[answers.side] : found.classes[1];
  return html`<section aria-labelledby="threshold-part" class="deciding">
    <h2 id="threshold-part">Threshold</h2>
    <p>A picture is answered with <strong>${positive}</strong> from this probability on. A lower threshold finds more of them, and is wrong more often. All counts are of ${name}.</p>
    ${answers ? html`<${Moving} found=${found} answers=${answers} threshold=${threshold} positive=${positive} />` : html`<${Working} work=${work} says="The network answers for every picture again." />`}
  </section>`;
}

function Moving({ found, answers, threshold, positive }) {
  const now = at(answers, threshold);
  const kept = at(answers, answers.threshold);
  const drawn = useMemo(() => curves(answers), [answers]);
  const move = (value) => put({ threshold: Number(value) === answers.threshold ? "" : value });
  const place = (one) => [one.recall.value, one.precision.value ?? 1];
  return html`
    <div class="threshold-slider">
      <${Spread} answers=${answers} threshold=${threshold} classes=${found.classes} />
      <label for="threshold">Threshold for ${positive}</label>
      <input id="threshold" type="range" min="0" max="1" step="0.005" value=${threshold} onInput=${(event) => move(event.target.value)} aria-valuetext=${`${threshold}: precision ${score(now.precision.value)}, recall ${score(now.recall.value)}`} />
      <div class="row"><label class="exact-threshold">exactly <input type="number" min="0" max="1" step="any" value=${threshold} aria-label="Threshold as a number"
          onChange=${(event) => { const value = Number(event.target.value); if (value >= 0 && value <= 1) move(value); }} /></label>
        <button type="button" class="button" aria-pressed=${threshold === answers.threshold} onClick=${() => move(answers.threshold)}>In use: ${number(answers.threshold)}</button>
        ${answers.choices.map((choice) => html`<button type="button" class="button" key=${choice.goal} aria-pressed=${threshold === choice.value} title=${choice.reason}
          onClick=${() => move(choice.value)}>Best ${named(choice.goal).replace("f1", "F1")}: ${number(choice.value)}</button>`)}</div>
    </div>
    <div class="moved-figures" role="status" aria-label="At this threshold">
      <${Share} name="precision" one=${now.precision} text=${`${count(now.hits)} of ${count(now.precision.n)} answers “${positive}” are right`} />
      <${Share} name="recall" one=${now.recall} text=${`${count(now.hits)} of ${count(now.recall.n)} pictures of ${positive} are found`} />
      <${Share} name="accuracy" one=${now.accuracy} text=${`${count(now.accuracy.hits)} of ${count(now.accuracy.n)} answers are right`} />
      <div class="card"><p>F1</p><p class="big">${now.f1 === null ? "–" : score(now.f1)}</p><p class="note">between precision and recall, nearer to the lower</p></div>
    </div>
    ${answers.choices.length ? html`<details><summary>Why these thresholds are the best ones</summary><ul>${answers.choices.map((choice) => html`<li>${number(choice.value)}: ${choice.reason}.</li>`)}</ul></details>` : null}
    ${threshold !== answers.threshold ? html`<p class="note">To answer so: <code>glassnet predict PICTURES --run ${found.run.name} --threshold ${number(threshold)}</code></p>` : html`<p class="note">This is what the stored scores were taken at.</p>`}
    ${drawn ? html`<div class="squares">
      <${UnitCurve} title="ROC curve" pairs=${drawn.roc} across="false positive rate" up="recall" point=${[now.falsePositives.value, now.recall.value]} kept=${[kept.falsePositives.value, kept.recall.value]} chance=${true} />
      <${UnitCurve} title="Precision over recall" pairs=${drawn.pr} across="recall" up="precision" point=${place(now)} kept=${place(kept)} /></div>
      <p class="note">The full point is the threshold above, the hollow one the threshold in use; the dotted line is guessing.</p>` : html`<p class="note">Only one of the two classes is among these pictures, so there are no curves.</p>`}`;
}

const number = (value) => String(Number(value.toPrecision(3)));

function Share({ name, one, text }) {
  return html`<div class="card" data-figure=${name}><p>${name}</p><p class="big">${one.value === null ? "–" : score(one.value)}</p>
    <p class="note">${one.value === null ? "there is no such answer" : `between ${score(one.low)} and ${score(one.high)}`}</p><p class="note">${text}</p></div>`;
}

// How the probabilities of both classes are spread: pictures of the positive class above the line, the others below.
function Spread({ answers, threshold, classes }) {
  const bins = useMemo(() => {
    const found = [new Array(BINS).fill(0), new Array(BINS).fill(0)];
    answers.chances.forEach((chance, i) => { found[answers.truths[i] === answers.side ? 0 : 1][Math.min(BINS - 1, Math.floor(chance * BINS))] += 1; });
    return found;
  }, [answers]);
  const most = Math.max(1, ...bins[0], ...bins[1]);
  const x = (value) => PAD + value * (WIDE - 2 * PAD);
  const step = (WIDE - 2 * PAD) / BINS;
  const tall = (n) => (n ? Math.max(2, (n / most) * HALF) : 0);
  return html`<svg class="chance-spread" viewBox=${`0 0 ${WIDE} ${2 * HALF + 4}`} preserveAspectRatio="none" aria-hidden="true">
      ${bins[0].map((n, i) => html`<rect class="of-positive" x=${x(i / BINS) + 0.5} width=${step - 1} y=${HALF - tall(n)} height=${tall(n)} />`)}
      ${bins[1].map((n, i) => html`<rect class="of-other" x=${x(i / BINS) + 0.5} width=${step - 1} y=${HALF + 4} height=${tall(n)} />`)}
      <line class="axis" x1="0" x2=${WIDE} y1=${HALF + 2} y2=${HALF + 2} />
      <line class="was" x1=${x(answers.threshold)} x2=${x(answers.threshold)} y1="0" y2=${2 * HALF + 4} />
      <line class="is" x1=${x(threshold)} x2=${x(threshold)} y1="0" y2=${2 * HALF + 4} /></svg>
    <p class="note spread-keys"><span><svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" class="spread-key"><rect class="of-positive" width="14" height="14" rx="3" /></svg> above: pictures of ${classes[answers.side]}</span>
      <span><svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" class="spread-key"><rect class="of-other" width="14" height="14" rx="3" /></svg> below: pictures of ${classes[1 - answers.side]}</span></p>`;
}
