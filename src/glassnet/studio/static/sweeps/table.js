// Every combination of a sweep in a row, with its state, score and runs; sorted as the address says.
import { html } from "../parts/html.js";
import { ColumnHead } from "../parts/column-head.js";
import { Scroll, State } from "../parts/show.js";
import { duration, score, setting } from "../parts/words.js";

const short = (name) => name.split(".").pop();

function valueOf(line, key) {
  if (key in line.values) return line.values[key];
  return { number: line.number, score: line.score, seconds: line.seconds }[key];
}

export function sorted(lines, sort) {
  const down = sort.startsWith("-");
  const key = down ? sort.slice(1) : sort;
  const rank = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  return [...lines].sort((left, right) => {
    const [a, b] = [valueOf(left, key), valueOf(right, key)];
    const missing = (a === null || a === undefined ? 1 : 0) - (b === null || b === undefined ? 1 : 0);
    if (missing) return missing;
    return (a === null || a === undefined ? 0 : down ? rank(b, a) : rank(a, b)) || left.number - right.number;
  });
}

export function Combinations({ lines, settings, sort, order, picked, choose, over, hover, best, equal }) {
  const many = lines.some((line) => line.runs.length > 1);
  const head = [{ key: "number", title: "combination" }, ...settings.map((name) => ({ key: name, title: short(name), full: name })),
    { key: "", title: "state" }, { key: "", title: "epochs", number: true }, { key: "score", title: "validation", number: true, down: true },
    { key: "seconds", title: "time", number: true }, { key: "", title: many ? "runs" : "run" }];
  return html`<${Scroll} label="Combinations"><table class="combinations">
    <thead><tr>${head.map((column) => html`<${ColumnHead} key=${column.title + column.key} column=${column} sort=${sort} order=${order} />`)}</tr></thead>
    <tbody>${sorted(lines, sort).map((line) => html`<${Row} key=${line.number} line=${line} settings=${settings} picked=${picked === line.number} choose=${choose}
      over=${over === line.number} hover=${hover} best=${best === line.number} equal=${equal.includes(line.number)} />`)}</tbody>
  </table></${Scroll}>`;
}

function Row({ line, settings, picked, choose, over, hover, best, equal }) {
  const shown = line.score === null ? "" : `${score(line.score)}${line.low === null ? "" : ` [${score(line.low)}, ${score(line.high)}]`}`;
  const sign = best ? html`<span class="mark-best">best</span>` : equal ? html`<span class="note" title="cannot be told from the best">≈</span>` : null;
  return html`<tr class=${over || picked ? "over" : null} onMouseEnter=${() => hover(line.number)} onMouseLeave=${() => hover(null)}>
    <th scope="row"><button type="button" class="button small tabular" aria-pressed=${picked} aria-label=${`Show the curve of combination ${line.number}`} onClick=${() => choose(line.number)}>${line.number}</button> ${sign}</th>
    ${settings.map((name) => html`<td key=${name} class="word">${name in line.values ? setting(line.values[name]) : ""}</td>`)}
    <td title=${line.sentence || null}><${State} status=${line.status} /></td>
    <td class="number">${line.epochs_planned ? `${line.epochs_done}/${line.epochs_planned}` : line.epochs_done}</td>
    <td class="number">${shown}</td>
    <td class="number">${duration(line.seconds)}</td>
    <td>${line.runs.map((run, i) => html`${i ? ", " : ""}<a href=${`/run/${run.id}`} aria-label=${run.name}>${line.runs.length > 1 ? i + 1 : run.name}</a>`)}</td>
  </tr>`;
}
