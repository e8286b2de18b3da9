// Home: what trains now, how to start a training, and the newest runs.
import { html, useMemo, useState } from "../parts/html.js";
import { post, useAnswer, useStream } from "../parts/api.js";
import { go, put } from "../parts/router.js";
import { DataChoice } from "../parts/data-choice.js";
import { Field } from "../parts/field.js";
import { MoreSettings } from "../parts/more-settings.js";
import { RunTable } from "../parts/runs.js";
import { Button, Progress, Wrong } from "../parts/show.js";
import { count, counted, time } from "../parts/words.js";

export default function Home({ query }) {
  const recent = useAnswer("/api/recent");
  useStream("/api/news", { changed: recent.again });
  const { value } = recent;
  return html`
    <h1>Train a network on pictures</h1>
    <${Wrong} text=${recent.error} />
    ${value && (value.running.length || value.jobs.length || value.sweeps.length) ? html`<${Now} found=${value} again=${recent.again} />` : null}
    <${Start} query=${query} />
    <section aria-labelledby="runs-title">
      <h2 id="runs-title">Runs</h2>
      ${!value ? html`<p class="note" role="status">Loading …</p>`
        : value.runs.length ? html`<${RunTable} rows=${value.runs} caption="The newest runs" />
          <p><a href="/ledger">The ledger has ${counted(value.total, "run")}</a></p>`
        : html`<p>No run has ended yet. Choose pictures above and press Start training.</p>`}
    </section>`;
}

function Now({ found, again }) {
  return html`<section aria-labelledby="now-title">
    <h2 id="now-title">Now</h2>
    <ul class="cards">
      ${found.jobs.map((job) => html`<li class="card" key=${job.id}>
        <h3><a href=${`/${job.kind === "sweep" ? "sweeps/started" : "training"}/${job.id}`}>${job.data}</a></h3>
        ${job.alive ? html`<p>Pictures are being read.</p>`
          : html`<p class="wrong">${job.error || (job.exit_code === 75 ? "It was stopped before training began." : "It ended before training began.")}</p>
            <${Button} work=${() => post(`/api/trainings/${job.id}/forget`).then(again)} label=${`Take ${job.data} off this list`}>Take off this list</${Button}>`}
      </li>`)}
      ${found.sweeps.map((sweep) => html`<li class="card" key=${sweep.id}>
        <h3><a href=${`/sweep/${sweep.id}`}>${sweep.name}</a></h3>
        <p>A sweep: ${count(sweep.ended)} of ${counted(sweep.runs, "run")} ended.</p>
        <p class="note">Started ${time(sweep.planned)}</p>
      </li>`)}
      ${found.running.map((run) => html`<li class="card" key=${run.id}>
        <h3><a href=${`/run/${run.id}`}>${run.name}</a></h3>
        <p><${Progress} run=${run} /></p>
        <p class="note">Started ${time(run.started)}</p>
      </li>`)}
    </ul>
  </section>`;
}

function Start({ query }) {
  const data = useAnswer("/api/data");
  const form = useAnswer("/api/recipe");
  const [wrong, setWrong] = useState("");
  const chosen = query.get("data") || "";
  const fields = useMemo(() => (form.value ? form.value.parts.flatMap((part) => part.fields) : []), [form.value]);
  const settings = Object.fromEntries(fields.map((field) => [field.name, query.get(field.name) || ""]).filter(([, value]) => value !== ""));
  const change = (name) => (value) => { setWrong(""); put({ [name]: value }); };
  const begin = () => {
    setWrong("");
    if (!chosen) {
      setWrong("Choose pictures first.");
      return Promise.resolve();
    }
    return post("/api/trainings", { data: chosen, settings, name: query.get("name") || "" })
      .then((made) => go(`/training/${made.id}`), (error) => setWrong(error.message));
  };
  const isWrong = (field) => wrong !== "" && wrong.includes(field.name);
  return html`<section aria-labelledby="start-title">
    <h2 id="start-title">Start a training</h2>
    <form onSubmit=${(event) => { event.preventDefault(); begin(); }}>
      <${DataChoice} found=${data.value} chosen=${chosen} folder=${query.get("folder") || ""} choose=${change("data")} />
      <${Wrong} text=${data.error || form.error} />
      <fieldset>
        <legend>2. Settings</legend>
        <p class="note">Leave them as they are and Glassnet chooses from the pictures, and says why.</p>
        <div class="fields">
          ${fields.filter((field) => field.first).map((field) => html`
            <${Field} key=${field.name} field=${field} value=${settings[field.name] || ""} change=${change(field.name)} wrong=${isWrong(field)} />`)}
          <div class="field"><label for="field-name">name of the run</label>
            <input id="field-name" type="text" autocomplete="off" spellcheck=${false} maxlength="120" placeholder="from pictures and network"
              value=${query.get("name") || ""} aria-describedby="field-name-help" onInput=${(event) => change("name")(event.target.value)} />
            <p class="note" id="field-name-help">What the run is called in the ledger, and its folder.</p></div>
        </div>
        ${form.value ? form.value.parts.map((part) => html`<${MoreSettings} key=${part.part} part=${part} settings=${settings} change=${change} isWrong=${isWrong} />`) : null}
      </fieldset>
      <div class="act">
        <h3>3. Go</h3>
        <${Button} work=${begin} kind="main">Start training</${Button}>
        ${" "}<a class="button" href=${`/sweeps${query.size ? `?${query}` : ""}`}>Try many settings</a>
        <${Wrong} text=${wrong} />
      </div>
    </form>
  </section>`;
}
