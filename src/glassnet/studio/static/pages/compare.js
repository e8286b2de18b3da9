// Two runs side by side: settings that differ, scores, and the pictures whose answer changed.
import { html } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { put } from "../parts/router.js";
import { Scroll, State, Wrong } from "../parts/show.js";
import { count, counted, figure, score, setting } from "../parts/words.js";

export default function Compare({ left, right, query }) {
  const { value, error } = useAnswer(`/api/compare/${left}/${right}`);
  if (!value) return html`<h1>Two runs</h1>${error ? html`<${Wrong} text=${error} />` : html`<p class="note" role="status">Loading …</p>`}`;
  const [a, b] = value.runs;
  return html`
    <h1>${a.name} and ${b.name}</h1>
    <p class="lead"><a href=${`/run/${a.id}`}>${a.name}</a> <${State} status=${a.status} /> beside <a href=${`/run/${b.id}`}>${b.name}</a> <${State} status=${b.status} /></p>
    ${value.notes.map((note) => html`<p class="warning">${note}</p>`)}
    <h2>Settings that differ</h2>
    ${value.settings.length ? html`<${Two} label="Settings that differ" head=${["setting", a.name, b.name]}
      rows=${value.settings.map((one) => [one.name, ...one.values.map(setting)])} />` : html`<p>None.</p>`}
    <h2>Scores</h2>
    ${value.scores.length ? html`<${Two} label="Scores" numbers=${true} head=${["score", a.name, b.name]}
      rows=${value.scores.map((one) => [`${one.split}: ${one.title}`, ...one.figures.map(figure)])} />` : html`<p>Neither has scores yet.</p>`}
    <h2>Pictures whose answer changed</h2>
    <${Changed} found=${value.pictures} a=${a} b=${b} left=${left} right=${right} kind=${query.get("kind") || ""} />`;
}

function Two({ label, head, rows, numbers = false }) {
  return html`<${Scroll} label=${label}><table>
    <thead><tr>${head.map((cell, i) => html`<th scope="col" class=${numbers && i ? "number" : null}>${cell}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row[0]}><th scope="row">${row[0]}</th>${row.slice(1).map((cell) => html`<td class=${numbers ? "number" : "word"}>${cell}</td>`)}</tr>`)}</tbody>
  </table></${Scroll}>`;
}

function Changed({ found, a, b, left, right, kind }) {
  const answers = useAnswer(found.changed.length ? `/api/compare/${left}/${right}/answers` : "");
  if (!found.n) return html`<p>${found.note}</p>`;
  const better = (one) => one.marks[1] > one.marks[0];
  const shown = found.changed.filter((one) => !kind || better(one) === (kind === "better"));
  const moved = found.gained + found.lost;
  const kinds = [["", `all ${count(moved)}`], ["better", `${b.name} is better: ${count(found.gained)}`], ["worse", `${b.name} is worse: ${count(found.lost)}`]];
  return html`
    <p>Of ${counted(found.n, "picture")} in validation, ${moved ? `${count(moved)} changed` : "none changed"}. ${found.note}</p>
    ${moved ? html`<div class="sorters" role="group" aria-label="Which pictures">${kinds.map(([name, text]) => html`
      <button type="button" class="button" aria-pressed=${kind === name} onClick=${() => put({ kind: name })}>${text}</button>`)}</div>
    ${shown.length < moved && !kind ? html`<p class="note">${counted(shown.length, "picture")} are shown, those that changed most.</p>` : null}
    <p role="status" class="note">${answers.error || (answers.value ? "" : "Asking both networks what they answer …")}</p>
    <ul class="picture-grid plain">${shown.map((one) => html`<li key=${one.number}><${Picture} one=${one} found=${found} said=${answers.value && answers.value.answers[one.number]} names=${[a.name, b.name]} /></li>`)}</ul>` : null}`;
}

function Picture({ one, found, said, names }) {
  const right = (mark) => (found.classes ? (mark >= 0.5 ? "right" : "wrong") : score(mark));
  return html`<figure><img class="pixels" src=${`/api/runs/${one.id}/pictures/${one.number}.png`} alt=${one.name} loading="lazy" width="112" height="112" />
    <figcaption>${one.truth ? html`<strong>${one.truth}</strong><br />` : null}
      ${names.map((name, i) => html`<span class=${one.marks[i] >= one.marks[1 - i] ? "better" : "worse"} title=${name}>${i ? "second" : "first"}: ${right(one.marks[i])}${said && said[i] ? `, ${said[i]}` : ""}</span><br />`)}
      <span class="note">${one.name}</span></figcaption></figure>`;
}
