// One sweep: live while it trains, with all its curves and combinations; at the end the winner, and what cannot be told from it.
import { html, useCallback, useEffect, useState } from "../parts/html.js";
import { post, useAnswer, useStream } from "../parts/api.js";
import { go, put } from "../parts/router.js";
import { Button, Log, State, Wrong } from "../parts/show.js";
import { capital, count, counted, duration, score, setting, state as stateOf } from "../parts/words.js";
import { useWork } from "../parts/work.js";
import { AllCurves } from "../sweeps/chart.js";
import { Combinations } from "../sweeps/table.js";

export default function Sweep({ id = "", started = "", query }) {
  return started ? html`<${Beginning} id=${started} />` : html`<${One} id=${id} query=${query} />`;
}

// Between the press of the button and the first run: what the sweep says, word for word.
function Beginning({ id }) {
  const [job, setJob] = useState(null);
  const [refused, setRefused] = useState("");
  useStream(`/api/sweeps/started/${id}/events`, {
    state: (found) => {
      setJob(found);
      if (found.run_id) go(`/sweep/${found.run_id}`, true);
    },
    refused: setRefused,
  });
  if (!job) return html`<h1>Sweep</h1>${refused ? html`<${Wrong} text=${refused} /><p><a href="/sweeps">Try many settings</a></p>` : html`<p class="note" role="status">Loading …</p>`}`;
  return html`<h1>A sweep on ${job.data}</h1>
    ${job.alive ? html`<p role="status">Pictures are read, audited and split, and a few steps are timed. Then every combination is put on record, and the first are trained.</p>
        <p><${Button} work=${() => post(`/api/trainings/${id}/stop`)}>Stop</${Button}></p>`
      : html`<${Wrong} text=${job.error || "It ended before the sweep began. Below is what it said."} />
        <p><a href="/sweeps">Try many settings</a> ${" "}<${Button} work=${() => post(`/api/trainings/${id}/forget`).then(() => go("/sweeps"))}>Take it off the list</${Button}></p>`}
    <h2>What it says</h2>
    <${Log} label="What the sweep says" text=${job.said} />`;
}

function One({ id, query }) {
  const first = useAnswer(`/api/sweeps/${id}`);
  const [live, setLive] = useState(null);
  const [turn, setTurn] = useState(0);  // after `resume` the stream is opened anew
  const [over, setOver] = useState(null);
  const hear = useCallback((found) => setLive((old) => {
    const known = new Map([...(old ? old.lines : []), ...found.lines].map((line) => [line.number, line]));
    return { ...found, lines: found.order.map((number) => known.get(number)).filter(Boolean) };
  }), []);
  useStream(`/api/sweeps/${id}/events${turn ? `?turn=${turn}` : ""}`, { state: hear });
  const now = live || first.value;
  const name = now && now.sweep.name;
  useEffect(() => {
    if (name) document.title = `${name} · Glassnet studio`;
  }, [name]);
  const finished = now !== null && now.sweep.over && now.sweep.status === "done";
  const judged = useWork(finished ? `/api/sweeps/${id}/judged` : "");
  if (!now) return html`<h1>Sweep</h1>${first.error ? html`<${Wrong} text=${first.error} />` : html`<p class="note" role="status">Loading …</p>`}`;
  const { sweep, lines, job } = now;
  const found = finished ? judged.found : null;
  const picked = Number(query.get("combination")) || null;
  const sort = query.get("sort") || (finished ? "-score" : "number");
  const choose = (number) => put({ combination: picked === number ? "" : number });
  const best = found && found.winner ? found.winner.combination : sweep.best;
  const chosen = lines.find((line) => line.number === picked);
  const resume = () => post(`/api/sweeps/${id}/resume`).then(() => new Promise((done) => { setTimeout(done, 300); })).then(() => setTurn(turn + 1));
  return html`
    <h1>${sweep.name}</h1>
    <p class="lead">${capital(sweep.plan)}, on ${sweep.data}${sweep.task ? `, ${sweep.task}` : ""}.</p>
    <div class="standing">
      <p role="status"><${State} status=${sweep.status} /> <${Ended} sweep=${sweep} />
        <span class="note">${sweep.seconds_left === null ? "" : sweep.seconds_left < 10 ? "a few seconds left" : `about ${duration(sweep.seconds_left)} left`}</span></p>
      <p class="act">
        ${job ? html`<${Button} work=${() => post(`/api/sweeps/${id}/stop`)}>Stop</${Button}>` : null}
        ${!job && sweep.status === "interrupted" ? html`<${Button} kind="main" work=${resume}>Resume</${Button}>` : null}
        ${sweep.report && finished ? html`<a class="button" href=${`/report/sweep/${id}`} target="_blank" rel="noopener">Open the report</a>` : null}
        ${sweep.table && finished ? html`<a class="button" href=${`/api/sweeps/${id}/combinations.csv`} download=${`${sweep.name}.csv`}>CSV</a>`
          : html`<a class="button" href=${`/api/ledger.csv?sweep=${id}`} download=${`${sweep.name}.csv`}>CSV</a>`}
        <a class="button" href=${`/ledger?sweep=${id}`}>In the ledger</a>
      </p>
    </div>
    ${sweep.status === "running" && !job ? html`<p class="note">It was started in a terminal. Ctrl-C there stops it and saves everything.</p>` : null}
    ${finished ? html`<${Found} judged=${judged} />` : null}
    <h2>Learning curves of all</h2>
    <${AllCurves} lines=${lines} best=${best} picked=${picked} over=${over} choose=${choose} hover=${setOver} headline=${capital(sweep.headline)} />
    <p class="note curve-said" role="status">${chosen ? saidOf(chosen) : "Point at a row or a curve to see them together; press a number to keep it."}</p>
    ${sweep.mirrored ? html`<p class="note">Curves are of the pictures as they are. The scores in the table are of answers averaged with those to the mirror images, so a curve may end elsewhere.</p>` : null}
    <h2>Combinations</h2>
    <${Combinations} lines=${lines} settings=${sweep.settings} sort=${sort} order=${(next) => put({ sort: next })} picked=${picked} choose=${choose}
      over=${over} hover=${setOver} best=${best} equal=${found ? found.equal : []} />
    ${sweep.combinations > lines.length ? html`<p class="note">${count(lines.length)} of ${counted(sweep.combinations, "combination")} are shown. <a href=${`/ledger?sweep=${id}`}>The ledger has all</a></p>` : null}
    <h2>What varies</h2>
    <ul class="plain">${sweep.space.map((line) => html`<li key=${line}>${line}</li>`)}</ul>
    ${now.said ? html`<h2>What it says</h2>
      <details><summary>The end of what its process said</summary><${Log} label="What the sweep says" text=${now.said} /></details>` : null}`;
}

function Ended({ sweep }) {
  const text = sweep.runs === null ? `${counted(sweep.ended, "run")} ended` : `${count(sweep.ended)} of ${counted(sweep.runs, "run")} ended`;
  const others = ["pruned", "failed", "running"].filter((word) => sweep.counts[word]).map((word) => `${count(sweep.counts[word])} ${stateOf(word)}`);
  return html`<span class="progress">${sweep.runs ? html`<progress max=${sweep.runs} value=${sweep.ended} aria-label=${text}></progress>` : null}
    <span class="tabular">${text}${others.length ? `: ${others.join(", ")}` : ""}</span></span>`;
}

function saidOf(line) {
  const values = Object.entries(line.values).map(([name, value]) => `${name} ${setting(value)}`).join(", ");
  const came = line.score === null ? stateOf(line.status) : `${score(line.score)} on validation`;
  return `Combination ${line.number}: ${values}; ${came}. ${line.sentence}`;
}

function Found({ judged }) {
  const { found } = judged;
  if (!found) {
    return html`<div class="sweep-found">${judged.state === "failed" ? html`<${Wrong} text=${judged.error} />`
      : html`<p class="note" role="status">The winner is compared with all others …</p>`}</div>`;
  }
  if (!found.winner) return html`<div class="sweep-found"><p class="wrong">No combination has a score, so there is no winner.</p></div>`;
  const { winner, validation, test, equal, told } = found;
  const values = Object.entries(found.values).map(([name, value]) => `${name.split(".").pop()} ${setting(value)}`).join(", ");
  return html`<div class="sweep-found">
    <div class="head">
      <div class="card"><p>The winner's ${found.headline} on validation</p><p class="big">${score(validation.value)}</p>
        <p class="note">between ${score(validation.low)} and ${score(validation.high)} (95 %), ${counted(validation.n, "picture")}</p></div>
      ${test ? html`<div class="card"><p>On the test set, opened once</p><p class="big">${score(test.value)}</p>
        <p class="note">between ${score(test.low)} and ${score(test.high)} (95 %), ${counted(test.n, "picture")}</p></div>` : null}
      <div class="card"><p>The winner</p><p><a href=${`/run/${winner.id}`}>${winner.name}</a></p><p class="note">${values}</p></div>
    </div>
    <div class="verdict"><p>${equal.length ? html`<strong>${counted(equal.length, "other combination")} cannot be told from the best: ${equal.slice(0, 12).join(", ")}${equal.length > 12 ? ", …" : ""}.</strong>
        ${found.cheapest && found.cheapest !== winner.combination ? ` The cheapest of them is combination ${found.cheapest}.` : ""}`
      : html`<strong>The best can be told from every other combination.</strong>`}</p>
      ${told ? html`<details><summary>How that was tested</summary><p class="note">${told}</p></details>` : null}</div>
    ${found.notes.map((note) => html`<p class="note" key=${note}>${note}</p>`)}
  </div>`;
}
