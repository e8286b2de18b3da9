// Home: what trains now, how to start a training, and the newest runs.
import { html, useMemo, useState } from "../parts/html.js";
import { post, useAnswer, useStream } from "../parts/api.js";
import { go, put } from "../parts/router.js";
import { Field } from "../parts/field.js";
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
      <${Pictures} found=${data.value} chosen=${chosen} folder=${query.get("folder") || ""} choose=${change("data")} />
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
        ${form.value ? form.value.parts.map((part) => html`<${Part} key=${part.part} part=${part} settings=${settings} change=${change} isWrong=${isWrong} />`) : null}
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

export function Part({ part, settings, change, isWrong }) {
  const rest = part.fields.filter((field) => !field.first);
  const set = rest.filter((field) => settings[field.name]).length;
  if (!rest.length) return null;
  return html`<details open=${rest.some(isWrong) || null}>
    <summary>${part.title}: ${counted(rest.length, "more setting")}${set ? `, ${set} changed` : ""}</summary>
    <div class="fields">${rest.map((field) => html`
      <${Field} key=${field.name} field=${field} value=${settings[field.name] || ""} change=${change(field.name)} wrong=${isWrong(field)} />`)}</div>
  </details>`;
}

export function Pictures({ found, chosen, folder, choose, legend = "1. Pictures", hint = "xo is a good beginning: choose it and press Start training." }) {
  const listed = found ? [...found.built_in, ...found.sets] : [];
  const known = listed.some((one) => one.id === chosen);
  return html`<fieldset>
    <legend>${legend}</legend>
    <div class="sets">
      ${listed.map((one) => html`<${Choice} key=${one.id} one=${one} chosen=${chosen} choose=${choose} />`)}
      ${chosen && found && !known ? html`<${Chosen} id=${chosen} choose=${choose} />` : null}
    </div>
    <${Recognised} id=${chosen} hint=${hint} />
    ${found ? html`<${Browser} roots=${found.roots} folder=${folder} chosen=${chosen} choose=${choose} />` : null}
  </fieldset>`;
}

function about(one) {
  if (one.text) return one.text;
  if (one.kind === "archive") return `archive, ${(one.bytes / 1e6).toFixed(1)} MB`;
  return one.pictures ? `folder, ${one.more ? "more than " : ""}${counted(one.pictures, "picture")}` : "folder, no pictures found in it";
}

function Choice({ one, chosen, choose }) {
  return html`<label class="set"><input type="radio" name="data" value=${one.id} checked=${chosen === one.id} onChange=${() => choose(one.id)} />
    <span><strong>${one.name}</strong><span class="note">${about(one)}</span></span></label>`;
}

// A folder that was found by looking around, or that a shared address names.
function Chosen({ id, choose }) {
  const { value } = useAnswer(`/api/data/${id}/inside`);
  return value ? html`<${Choice} one=${value} chosen=${id} choose=${choose} />` : null;
}

function Recognised({ id, hint }) {
  const { value, error } = useAnswer(id ? `/api/data/${id}` : "");
  const mine = id && value && value.id === id;
  return html`<div class="recognised" role="status">
    ${!id ? html`<p class="note">${hint}</p>`
      : error && !mine ? html`<p class="wrong">${error}</p>`
      : !mine ? html`<p class="note">Looking at the pictures …</p>`
      : value.layout ? html`<p>Recognised: ${value.layout.replace(/^recognised: /, "")}. ${counted(value.pictures, "picture")},
          ${" "}${counted(value.classes.length, "class", "classes")} (${value.classes.slice(0, 8).join(", ")}${value.classes.length > 8 ? ", …" : ""}).
          ${" "}The question: ${value.task}.${value.refused ? ` ${counted(value.refused, "file")} cannot be read and will be left out.` : ""}</p>`
      : html`<p>${value.text}</p>`}
  </div>`;
}

function Browser({ roots, folder, chosen, choose }) {
  const { value, error } = useAnswer(folder ? `/api/data/${folder}/inside` : "");
  const open = (id) => put({ folder: id }, false);
  return html`<details open=${folder !== "" || null}>
    <summary>Another folder</summary>
    <p class="note">The studio reads below the folders it was started with: <code>--root DIR</code>.</p>
    <ul class="plain">${roots.map((root) => html`<li key=${root.id}>
      <button type="button" class="button" aria-expanded=${folder === root.id} onClick=${() => open(root.id)}>${root.name}</button></li>`)}</ul>
    <${Wrong} text=${folder ? error : ""} />
    ${folder && value && value.id === folder ? html`<div class="folder-browser">
      <p>${value.way.map((step, i) => (i + 1 < value.way.length
        ? html`<button type="button" class="link" onClick=${() => open(step.id)}>${step.name}</button>${" / "}` : html`<strong>${step.name}</strong>`))}</p>
      <div class="sets"><${Choice} one=${{ ...value, name: `This folder: ${value.name}` }} chosen=${chosen} choose=${choose} /></div>
      ${value.inside.length ? html`<ul class="plain">${value.inside.map((child) => html`<li key=${child.id} class="row">
        <${Choice} one=${child} chosen=${chosen} choose=${choose} />
        ${child.inside ? html`<button type="button" class="button" onClick=${() => open(child.id)}>Look into ${child.name}</button>` : null}</li>`)}</ul>`
        : html`<p class="note">There are no folders in it.</p>`}
    </div>` : null}
  </details>`;
}
