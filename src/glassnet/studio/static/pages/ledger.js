// The ledger: every run and combination on record, sorted and filtered by its own language; two of them can be compared.
import { html, useEffect, useState } from "../parts/html.js";
import { useAnswer, useStream } from "../parts/api.js";
import { put } from "../parts/router.js";
import { RunTable } from "../parts/runs.js";
import { Wrong } from "../parts/show.js";
import { counted } from "../parts/words.js";

const EXAMPLES = ["status=done", "score>=0.9", "network=fast,tutorial", "train.lr>0.001"];
const SIGNS = "A name, one of = != > >= < <= ~ (contains), a value; several with spaces.";
const SHOWN = 100;

export default function Ledger({ query }) {
  const where = query.get("where") || "";
  const sort = query.get("sort") || "";
  const sweep = query.get("sweep") || "";
  const chosen = (query.get("chosen") || "").split(",").filter(Boolean);
  const asked = new URLSearchParams({ where, sort, sweep });
  const answer = useAnswer(`/api/ledger?${asked}&limit=${query.get("limit") || SHOWN}`);
  useStream("/api/news", { changed: answer.again });
  const { value, error } = answer;
  const choose = (id) => put({ chosen: (chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-2)).join(",") });
  return html`
    <h1>Ledger</h1>
    <p class="lead">Every run and every combination ever tried, failed ones too. <a href="/sweeps">Sweeps</a></p>
    <${Filter} where=${where} sweep=${sweep} sweeps=${value ? value.sweeps : []} />
    <${Wrong} text=${error} />
    ${value ? html`<${Sweep} sweep=${value.sweeps.find((one) => one.id === sweep)} />` : null}
    <div class="title-bar">
      <p role="status">${value ? (error ? "The table shows the last filter that could be read." : `${counted(value.total, "run")}.`) : "Loading …"}</p>
      <p class="act">
        ${chosen.length === 2 ? html`<a class="button main" href=${`/compare/${chosen[0]}/${chosen[1]}`}>Compare these two</a>`
          : html`<span class="note">${chosen.length ? "Choose one more to compare." : "Choose two runs to compare them."}</span>`}
        ${" "}<a class="button" href=${`/api/ledger.csv?${asked}`} download="ledger.csv">CSV</a>
      </p>
    </div>
    ${value && value.rows.length ? html`<${RunTable} rows=${value.rows} caption="Runs" sort=${sort} order=${(next) => put({ sort: next })} chosen=${chosen} choose=${choose} />` : null}
    ${value && !value.total ? html`<p>${where || sweep ? "No run fits." : html`Nothing is on record yet. <a href="/">Start a training</a>`}</p>` : null}
    ${value && value.total > value.rows.length ? html`<p><button type="button" class="button" onClick=${() => put({ limit: value.rows.length + 400 })}>
      Show more (${counted(value.total - value.rows.length, "run")} left)</button></p>` : null}`;
}

function Filter({ where, sweep, sweeps }) {
  const [text, setText] = useState(where);
  useEffect(() => setText(where), [where]);
  return html`<form class="ledger-filter" role="search" aria-label="Runs" onSubmit=${(event) => { event.preventDefault(); put({ where: text.trim(), limit: "" }, false); }}>
    <div class="field"><label for="where">Filter</label>
      <input id="where" type="text" value=${text} placeholder="status=done train.lr>0.001" autocomplete="off" spellcheck=${false} maxlength="500"
        aria-describedby="where-help" onInput=${(event) => setText(event.target.value)} />
      <p class="note" id="where-help">${SIGNS} For example:
        ${EXAMPLES.map((example) => html`${" "}<button type="button" class="link" onClick=${() => put({ where: example }, false)}>${example}</button>`)}</p></div>
    ${sweeps.length ? html`<div class="field"><label for="sweep">Sweep</label>
      <select id="sweep" value=${sweep} onChange=${(event) => put({ sweep: event.target.value, limit: "" }, false)}>
        <option value="">all runs</option>${sweeps.map((one) => html`<option value=${one.id}>${one.name} (${one.status})</option>`)}</select></div>` : null}
    <div class="act"><button type="submit" class="button">Filter</button>
      ${where || sweep ? html`${" "}<button type="button" class="button" onClick=${() => put({ where: "", sweep: "", limit: "" }, false)}>Show all</button>` : null}</div>
  </form>`;
}

function Sweep({ sweep }) {
  if (!sweep) return null;
  return html`<p><a href=${`/sweep/${sweep.id}`}>${sweep.name}</a> is ${sweep.status}.${sweep.winner ? html` Its winner: <a href=${`/run/${sweep.winner.id}`}>${sweep.winner.name}</a>.` : ""}
    ${sweep.report ? html` <a href=${`/report/sweep/${sweep.id}`} target="_blank" rel="noopener">Open its report</a>` : ""}</p>`;
}
