// A table of runs, with columns that can sort and rows that can be chosen where the page wants that.
import { html } from "./html.js";
import { ColumnHead } from "./column-head.js";
import { Scroll, State } from "./show.js";
import { duration, figure, setting, time } from "./words.js";

const COLUMNS = [
  { key: "name", title: "run", cell: (run) => html`<a href=${`/run/${run.id}`}>${run.name}</a>`, head: true },
  { key: "status", title: "state", cell: (run) => html`<${State} status=${run.status} />` },
  { key: "data.root", title: "pictures", cell: (run) => run.data },
  { key: "network", title: "network", cell: (run) => run.network },
  { key: "epochs", title: "epochs", number: true, cell: (run) => (run.epochs_planned ? `${run.epochs_done}/${run.epochs_planned}` : run.epochs_done) },
  { key: "score", title: "validation", number: true, down: true, cell: (run) => score(run.scores.validation) },
  { key: "test", title: "test", number: true, plain: true, cell: (run) => score(run.scores.test) },
  { key: "seconds", title: "time", number: true, cell: (run) => duration(run.seconds) },
  { key: "started", title: "started", down: true, cell: (run) => time(run.started) },
];

function score(found) {
  return found ? html`<span title=${found.title}>${figure(found)}</span>` : "";
}

function said(run) {
  return Object.entries(run.chosen).map(([name, value]) => `${name.split(".").pop()} ${setting(value)}`).join(", ");
}

// `sort` is the ledger's own (`-score`), `order` is told the next one; `chosen` and `choose` make rows choosable.
export function RunTable({ rows, caption, sort = null, order = null, chosen = null, choose = null }) {
  const varied = rows.some((run) => Object.keys(run.chosen).length);
  return html`<${Scroll} label=${caption}><table>
    <caption>${caption}</caption>
    <thead><tr>
      ${choose ? html`<th scope="col">compare</th>` : null}
      ${COLUMNS.map((column) => html`<${ColumnHead} key=${column.key} column=${column} sort=${sort} order=${order} />`)}
      ${varied ? html`<th scope="col">varied</th>` : null}
    </tr></thead>
    <tbody>${rows.map((run) => html`<tr key=${run.id}>
      ${choose ? html`<td><input type="checkbox" checked=${chosen.includes(run.id)} aria-label=${`Compare ${run.name}`} onChange=${() => choose(run.id)} /></td>` : null}
      ${COLUMNS.map((column) => (column.head ? html`<th scope="row">${column.cell(run)}</th>`
        : html`<td class=${column.number ? "number" : null}>${column.cell(run)}</td>`))}
      ${varied ? html`<td>${said(run)}</td>` : null}
    </tr>`)}</tbody>
  </table></${Scroll}>`;
}
