// Try many settings: the form of a sweep, what it will be, and the sweeps on record.
import { html, useState } from "../parts/html.js";
import { post, useAnswer, useStream } from "../parts/api.js";
import { go, put } from "../parts/router.js";
import { DataChoice } from "../parts/data-choice.js";
import { Field } from "../parts/field.js";
import { MoreSettings } from "../parts/more-settings.js";
import { Button, Scroll, State, Wrong } from "../parts/show.js";
import { counted, time } from "../parts/words.js";
import { HowLong, Plan, usePlan } from "../sweeps/ahead.js";
import { Tried } from "../sweeps/tried.js";

const TRY = "try.";
const HOW = "how.";

export default function Sweeps({ query }) {
  const known = useAnswer("/api/sweeps");
  useStream("/api/news", { changed: known.again });
  return html`
    <h1>Try many settings</h1>
    <p class="lead">A sweep trains every combination of the values below, or as many as there is time for, and says which are best and which cannot be told from the best.</p>
    <${Form} query=${query} />
    <section aria-labelledby="sweeps-title">
      <h2 id="sweeps-title">Sweeps</h2>
      <${Wrong} text=${known.error} />
      ${known.value ? html`<${Known} found=${known.value} again=${known.again} />` : html`<p class="note" role="status">Loading …</p>`}
    </section>`;
}

// Change one value of the address and keep it there when it is empty: a setting that was added has no values yet.
function keep(name, text) {
  const query = new URLSearchParams(location.search);
  if (text === null) query.delete(name);
  else query.set(name, text);
  const left = query.toString();
  go(location.pathname + (left ? `?${left}` : ""), true);
}

function Form({ query }) {
  const data = useAnswer("/api/data");
  const form = useAnswer("/api/sweeps/form");
  const recipe = useAnswer("/api/recipe");
  const [refused, setRefused] = useState("");
  const chosen = query.get("data") || "";
  const named = (start) => Object.fromEntries([...query].filter(([name]) => name.startsWith(start)).map(([name, text]) => [name.slice(start.length), text]));
  const tries = named(TRY);
  const how = Object.fromEntries(Object.entries(named(HOW)).filter(([, text]) => text !== ""));
  const parts = recipe.value ? recipe.value.parts : [];
  const fixed = parts.map((part) => ({ ...part, fields: part.fields.filter((field) => !(field.name in tries)) }));
  const settings = Object.fromEntries(fixed.flatMap((part) => part.fields).map((field) => [field.name, query.get(field.name) || ""]).filter(([, text]) => text !== ""));
  const wish = { data: chosen, tries, settings, how, name: query.get("name") || "" };
  const empty = !Object.keys(tries).length;
  const plan = usePlan(wish);
  const wrong = refused || (empty || plan.error.includes("no values yet") ? "" : plan.error);
  const change = (name) => (value) => { setRefused(""); put({ [name]: value }); };
  const isWrong = (field) => wrong !== "" && wrong.includes(field.name);
  const begin = () => {
    setRefused("");
    return post("/api/sweeps", wish).then(({ id }) => go(`/sweeps/started/${id}`), (error) => setRefused(error.message));
  };
  return html`<form onSubmit=${(event) => { event.preventDefault(); begin(); }}>
    <${DataChoice} found=${data.value} chosen=${chosen} folder=${query.get("folder") || ""} choose=${change("data")} hint="xo is a good beginning." />
    <${Wrong} text=${data.error || form.error || recipe.error} />
    <fieldset class="trying">
      <legend>2. What to try</legend>
      ${form.value ? html`<${Tried} parts=${form.value.parts} tries=${tries} wrong=${wrong} change=${(name, text) => { setRefused(""); keep(TRY + name, text); }} />`
        : html`<p class="note">Loading …</p>`}
    </fieldset>
    <fieldset>
      <legend>3. How to search</legend>
      <p class="note">Lists alone are tried in full. Ranges are sampled: 30 combinations, unless you say how many, or for how many minutes.</p>
      <div class="fields">${form.value ? form.value.how.map((field) => html`
        <${Field} key=${field.name} field=${{ ...field, name: HOW + field.name }} value=${how[field.name] || ""} change=${change(HOW + field.name)} wrong=${false} />`) : null}
        <div class="field"><label for="field-name">name of the sweep</label>
          <input id="field-name" type="text" autocomplete="off" spellcheck=${false} maxlength="120" placeholder="from the pictures"
            value=${wish.name} aria-describedby="field-name-help" onInput=${(event) => change("name")(event.target.value)} />
          <p class="note" id="field-name-help">What the sweep is called in the ledger, and the first part of its runs' names.</p></div>
      </div>
    </fieldset>
    <fieldset>
      <legend>4. What stays the same</legend>
      <p class="note">All other settings, for every run. Left as they are, Glassnet chooses.</p>
      <div class="fields">${fixed.flatMap((part) => part.fields).filter((field) => field.first).map((field) => html`
        <${Field} key=${field.name} field=${field} value=${settings[field.name] || ""} change=${change(field.name)} wrong=${isWrong(field)} />`)}</div>
      ${fixed.map((part) => html`<${MoreSettings} key=${part.part} part=${part} settings=${settings} change=${change} isWrong=${isWrong} />`)}
    </fieldset>
    <div class="act ahead">
      <h3>5. Go</h3>
      <div class="plan" role="status"><${Plan} plan=${plan} empty=${empty} /></div>
      <${HowLong} wish=${{ ...wish, name: "" }} ready=${Boolean(chosen && plan.value)} />
      <p><${Button} work=${begin} kind="main">Start the sweep</${Button}></p>
      <${Wrong} text=${refused} />
    </div>
  </form>`;
}

function Known({ found, again }) {
  if (!found.sweeps.length && !found.jobs.length) return html`<p>There is no sweep on record yet.</p>`;
  return html`
    ${found.jobs.length ? html`<ul class="cards">${found.jobs.map((job) => html`<li class="card" key=${job.id}>
      <h3><a href=${`/sweeps/started/${job.id}`}>${job.data}</a></h3>
      ${job.alive ? html`<p>Pictures are being read.</p>` : html`<p class="wrong">${job.error || "It ended before the sweep began."}</p>
        <${Button} work=${() => post(`/api/trainings/${job.id}/forget`).then(again)} label=${`Take ${job.data} off this list`}>Take off this list</${Button}>`}</li>`)}</ul>` : null}
    ${found.sweeps.length ? html`<${Scroll} label="Sweeps"><table>
      <thead><tr><th scope="col">sweep</th><th scope="col">state</th><th scope="col">pictures</th><th scope="col">varied</th><th scope="col" class="number">ended</th>
        <th scope="col">winner</th><th scope="col">planned</th></tr></thead>
      <tbody>${found.sweeps.map((one) => html`<tr key=${one.id}><th scope="row"><a href=${`/sweep/${one.id}`}>${one.name}</a></th><td><${State} status=${one.status} /></td>
        <td>${one.data}</td><td class="word">${one.settings.map((name) => name.split(".").pop()).join(", ")}</td><td class="number">${one.ended} of ${counted(one.runs, "run")}</td>
        <td>${one.winner ? html`<a href=${`/run/${one.winner.id}`}>${one.winner.name}</a>` : ""}</td><td>${time(one.planned)}</td></tr>`)}</tbody>
    </table></${Scroll}>` : null}`;
}
