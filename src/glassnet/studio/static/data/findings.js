// What the audit found, worst first: why it matters, what to do, and the pictures concerned.
import { html } from "../parts/html.js";
import { put } from "../parts/router.js";
import { Pager } from "../parts/pager.js";
import { Prose, Scroll } from "../parts/show.js";
import { count, counted, percent } from "../parts/words.js";
import { Thumb } from "./thumb.js";

const PAIRS = 8;
const PICTURES = 24;

export function Findings({ found, query }) {
  const asked = query.get("finding");
  const open = asked === null ? (found.findings[0] || {}).code : asked;
  return html`
    <p><strong>${found.summary}.</strong> Leaks come first, then errors, warnings and notes.</p>
    ${found.findings.length ? html`<ol class="plain findings">${found.findings.map((one, i) => html`<${Finding} key=${one.code + i} found=${found} one=${one} number=${i}
      open=${open === one.code} start=${Number(query.get("from")) || 0} />`)}</ol>` : html`<p>Nothing was found. These pictures can be trained on.</p>`}
    ${found.kept_out_total ? html`<h2>Kept out of everything</h2>
      <p>In no split, so nothing is trained or scored with it: ${counted(found.kept_out_total, "file")}.</p>
      <details><summary>Which ones, and why</summary><${Scroll} label="Kept out"><table>
        <thead><tr><th scope="col">file</th><th scope="col">why</th></tr></thead>
        <tbody>${found.kept_out.map(([name, why]) => html`<tr><th scope="row">${name}</th><td class="word">${why}</td></tr>`)}</tbody></table></${Scroll}></details>` : null}
    ${found.skipped_total ? html`<details><summary>Passed over, hidden or no pictures: ${count(found.skipped_total)}</summary>
      <ul class="file-list">${found.skipped.map((name) => html`<li>${name}</li>`)}</ul></details>` : null}`;
}

function Finding({ found, one, number, open, start }) {
  const id = `finding-${number}`;
  return html`<li class="found-item">
    <h3><button type="button" class="opener" aria-expanded=${open} aria-controls=${id} onClick=${() => put({ finding: open ? "none" : one.code, from: "" }, false)}>
      <span class=${`finding-rank ${one.rank}`}>${one.rank}</span> <span>${one.title}</span></button></h3>
    <div id=${id} hidden=${!open}>${open ? html`
      ${one.why ? html`<p><strong>Why it matters.</strong> <${Prose} text=${one.why} /></p>` : null}
      ${one.todo ? html`<p><strong>What to do.</strong> <${Prose} text=${one.todo} /></p>` : null}
      ${one.lines.length ? html`<ul>${one.lines.map((line) => html`<li>${line}</li>`)}</ul>` : null}
      ${one.per_class.length ? html`<${PerClass} rows=${one.per_class} />` : null}
      ${one.pairs.length ? html`<${Pairs} found=${found} one=${one} start=${start} />` : null}
      ${one.pictures.length ? html`<${Pictures} found=${found} one=${one} start=${start} />` : null}
      ${one.others.length ? html`<ul class="file-list">${one.others.map((key) => html`<li>${key}</li>`)}</ul>` : null}` : null}</div>
  </li>`;
}

function Pairs({ found, one, start }) {
  const shown = one.pairs.slice(start, start + PAIRS);
  return html`<ul class="plain look-alikes">${shown.map(([a, b]) => html`<li class="look-alike" key=${`${a.row}-${b.row}`}>
      <${Thumb} found=${found} one=${a} drawn=${false} /><${Thumb} found=${found} one=${b} drawn=${false} /></li>`)}</ul>
    <${Pager} start=${start} size=${PAIRS} total=${one.pairs.length} go=${(next) => put({ finding: one.code, from: next || "" })} what="pairs" />
    ${one.pairs_total > one.pairs.length ? html`<p class="note">${count(one.pairs_total)} pairs in all; <code>glassnet audit --json</code> lists every one.</p>` : null}`;
}

function Pictures({ found, one, start }) {
  const shown = one.pictures.slice(start, start + PICTURES);
  return html`<ul class="picture-grid plain">${shown.map((each) => html`<li key=${each.row}><${Thumb} found=${found} one=${each} /></li>`)}</ul>
    <${Pager} start=${start} size=${PICTURES} total=${one.pictures.length} go=${(next) => put({ finding: one.code, from: next || "" })} />
    ${one.total > one.pictures.length + one.others.length ? html`<p class="note">${counted(one.total, "picture")} in all; <code>glassnet audit --json</code> lists every one.</p>` : null}`;
}

function PerClass({ rows }) {
  return html`<${Scroll} label="By class"><table>
    <thead><tr><th scope="col">class</th><th scope="col" class="number">pictures</th><th scope="col" class="number">of its class</th></tr></thead>
    <tbody>${rows.map(([name, n, all]) => html`<tr><th scope="row">${name}</th><td class="number">${count(n)}</td>
      <td class="number">${all ? percent(n, 0, all) : ""}</td></tr>`)}</tbody></table></${Scroll}>`;
}
