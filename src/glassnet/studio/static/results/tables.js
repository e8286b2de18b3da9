// All figures with their intervals: class by class, whole, and what needs no network; and whether confidence can be trusted.
import { html } from "../parts/html.js";
import { Scroll } from "../parts/show.js";
import { capital, count, figure, score } from "../parts/words.js";
import { Reliability } from "./plots.js";

function Figures({ caption, head, rows }) {
  return html`<${Scroll} label=${caption}><table><caption>${caption}</caption>
    <thead><tr><th scope="col">${head}</th><th scope="col" class="number">value</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">pictures</th><th scope="col">interval by</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.name}><th scope="row" class="word">${row.name}</th><td class="number">${score(row.value)}</td>
      <td class="number">${score(row.low)} to ${score(row.high)}</td><td class="number">${count(row.n)}</td><td>${row.method}</td></tr>`)}</tbody></table></${Scroll}>`;
}

export function Tables({ scores }) {
  const [first, rest] = [scores.figures.filter((one) => one.first), scores.figures.filter((one) => !one.first)];
  return html`<h2 id="classes-part">Class by class</h2>
    ${scores.per_class.length ? html`<${Scroll} label="Class by class"><table>
      <thead><tr><th scope="col">class</th>${scores.per_class.some((row) => row.n !== null) ? html`<th scope="col" class="number">pictures</th>` : null}${scores.columns.map((name) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
      <tbody>${scores.per_class.map((row) => html`<tr key=${row.name}><th scope="row">${row.name}</th>${scores.per_class.some((one) => one.n !== null) ? html`<td class="number">${row.n === null ? "" : count(row.n)}</td>` : null}
        ${row.figures.map((one) => html`<td class="number">${one ? figure(one) : "–"}</td>`)}</tr>`)}</tbody></table></${Scroll}>` : null}
    <h2 id="scores-part">Scores</h2>
    <p class="note">Each value stands with the interval that holds the true one in 95 of 100 such experiments.</p>
    <${Figures} caption="What people ask for first" head="figure" rows=${first} />
    ${rest.length ? html`<details><summary>${count(rest.length)} more figures</summary><${Figures} caption="More figures" head="figure" rows=${rest} /></details>` : null}
    ${scores.trivial.length ? html`<${Figures} caption=${`What needs no network: ${scores.headline_name}`} head="model" rows=${scores.trivial} />` : null}`;
}

const SURE = {
  "-1": "the network was less sure than it had reason to be", 0: "and that changes next to nothing, it was as sure as it had reason to be",
  1: "the network was surer than it had reason to be",
};

export function Calibration({ scores }) {
  const found = scores.reliability;
  if (!found) return null;
  const { temperature, bins } = found;
  const errors = scores.figures.filter((one) => one.name.startsWith("calibration error") || one.name.startsWith("ECE"));
  return html`<h2 id="confidence-part">Can its confidence be trusted?</h2>
    <p>Bars are the share of right answers among answers of a confidence; on the dotted line both agree. Whiskers are 95 % intervals.</p>
    <div class="squares"><${Reliability} bins=${bins} />
      <div><p>${temperature === 1 ? "The outputs are taken as they are (temperature 1)."
        : `The outputs are divided by a temperature of ${temperature.toFixed(2)}, fitted on the validation set; ${SURE[temperature.toFixed(2) === "1.00" ? 0 : Math.sign(temperature - 1)]}.`}</p>
        ${errors.map((one) => html`<p>${capital(one.name)}: ${figure(one)}</p>`)}
        <details><summary>All values</summary><${Scroll} label="Confidence and share right"><table>
          <thead><tr>${["confidence", "pictures", "mean confidence", "share right"].map((text) => html`<th scope="col" class="number">${text}</th>`)}</tr></thead>
          <tbody>${bins.map((bin) => html`<tr><th scope="row" class="number">${bin.low.toFixed(2)} to ${bin.high.toFixed(2)}</th><td class="number">${count(bin.n)}</td><td class="number">${score(bin.confidence)}</td>
            <td class="number">${score(bin.accuracy)} [${score(bin.accuracy_low)}, ${score(bin.accuracy_high)}]</td></tr>`)}</tbody></table></${Scroll}></details></div></div>`;
}
