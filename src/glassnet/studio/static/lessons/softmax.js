// Softmax: scores are pushed about, and the shares follow.
import { html } from "../parts/html.js";
import { Scroll } from "../parts/show.js";
import { useCompute } from "./parts/compute.js";
import { Fields, Slider } from "./parts/inputs.js";
import { Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { TakeOwn, useOwn } from "./own.js";
import { Waits, added, replaced, shown } from "./written.js";

const LEAST = -5;
const MOST = 10;
const NEXT = ["horse", "frog", "ship"];
const tenth = (value) => Math.round(value * 10) / 10;

export default function Body({ lesson, run }) {
  const start = lesson.computes.softmax;
  const [logits, setLogits] = useShared("logits", start.logits);
  const [classes, setClasses] = useShared("classes", start.classes);
  const own = useOwn(lesson.name, run);
  const names = [...classes, ...NEXT.filter((name) => !classes.includes(name))].slice(0, logits.length);
  const take = (values) => { setLogits(values.logits); setClasses(values.classes); };
  return html`<${Shares} start=${start} logits=${logits} setLogits=${setLogits} names=${names} most=${classes.length + 2} own=${own} take=${take} />
    <${Temperature} start=${start} logits=${logits} names=${names} />`;
}

function Shares({ start, logits, setLogits, names, most, own, take }) {
  const [low, high] = [Math.min(LEAST, Math.floor(Math.min(...logits))), Math.max(MOST, Math.ceil(Math.max(...logits)))];
  const found = useCompute("softmax", "softmax", { logits, classes: names });
  const made = found.value;
  const all = (by) => setLogits(logits.map((value) => tenth(value + by)));
  const fits = (by) => logits.every((value) => value + by >= low && value + by <= high);
  return html`<${Piece} title="Scores become shares" error=${found.error}
    try="Raise the score of one class: its share grows, and all others shrink. Then press “Add 1 to all”: no share changes, because only differences count.">
    <${TakeOwn} found=${own} compute="softmax" what="its largest scores" start=${start} now=${{ logits, classes: names }} take=${take} />
    <${Fields}>${logits.map((value, at) => html`<${Slider} key=${names[at]} label=${`Score of ${names[at]}`} value=${value} min=${low} max=${high} step=${0.1}
      show=${(each) => shown(each, Number.isInteger(10 * each) ? 1 : 2)} change=${(next) => setLogits(replaced(logits, at, tenth(next)))} />`)}</${Fields}>
    <div class="row">
      <button type="button" class="button" disabled=${!fits(1)} onClick=${() => all(1)}>Add 1 to all</button>
      <button type="button" class="button" disabled=${!fits(-1)} onClick=${() => all(-1)}>Take 1 from all</button>
      <button type="button" class="button" disabled=${names.length >= most} onClick=${() => setLogits([...logits, 0])}>One class more</button>
      <button type="button" class="button" disabled=${logits.length <= 2} onClick=${() => setLogits(logits.slice(0, -1))}>One class less</button>
    </div>
    ${made ? html`<${Steps} made=${made} />` : html`<${Waits} />`}
  </${Piece}>`;
}

function Steps({ made }) {
  const largest = Math.max(...made.logits);
  return html`<p class="note">The largest score, ${shown(largest)}, is taken from all first, which changes no share: the exponentials stay small. Each of them divided by their sum is a share.</p>
  <${Scroll} label="From scores to shares"><table class="softmax-shares">
    <thead><tr><th scope="col">class</th><th scope="col" class="number">score</th><th scope="col" class="number">exponential</th><th scope="col" class="number">share</th><td aria-hidden="true"></td></tr></thead>
    <tbody>${made.classes.map((name, at) => html`<tr key=${name}><th scope="row">${name}</th><td class="number">${shown(made.logits[at])}</td>
      <td class="number">${shown(made.exponentials[at], 4)}</td><td class="number"><strong>${shown(made.shares[at], 4)}</strong></td>
      <td class="lesson-bar-cell" aria-hidden="true"><${Bar} share=${made.shares[at]} /></td></tr>`)}</tbody>
    <tfoot><tr><th scope="row">sum</th><td></td><td class="number">${shown(made.total, 4)}</td><td class="number">${shown(made.sum, 4)}</td><td></td></tr></tfoot>
  </table></${Scroll}>
  <p role="status">The answer is <strong>${made.answer}</strong>: ${shown(made.exponentials[made.classes.indexOf(made.answer)], 4)} ÷ (${added(made.exponentials, 4)}) = <strong>${shown(made.shares[made.classes.indexOf(made.answer)], 4)}</strong>.</p>`;
}

const Bar = ({ share }) => html`<span class="lesson-bar above" style=${{ width: `${(100 * share).toFixed(1)}%` }}></span>`;

function Temperature({ start, logits, names }) {
  const [temperature, setTemperature] = useShared("temperature", start.temperature);
  const found = useCompute("softmax", "softmax", { logits, classes: names, temperature });
  const made = found.value;
  return html`<${Piece} title="Surer or less sure" error=${found.error}
    try="The same scores, divided by a temperature first. Raise it: the shares move together, and the answer stays the same. Lower it: one class takes all.">
    <${Fields}><${Slider} label="Temperature" value=${temperature} min=${0.1} max=${10} log change=${setTemperature} /></${Fields}>
    ${made ? html`<${Scroll} label="Shares at this temperature"><table class="softmax-shares">
      <tbody>${made.classes.map((name, at) => html`<tr key=${name}><th scope="row">${name}</th><td class="number"><strong>${shown(made.shares[at], 4)}</strong></td>
        <td class="lesson-bar-cell" aria-hidden="true"><${Bar} share=${made.shares[at]} /></td></tr>`)}</tbody></table></${Scroll}>
      <p role="status">The largest share is <strong>${shown(Math.max(...made.shares), 4)}</strong>, and the answer is ${made.answer}.</p>` : html`<${Waits} />`}
  </${Piece}>`;
}
