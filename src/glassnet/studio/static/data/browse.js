// All pictures of a data set, by class and side; one of them large with what is known of it.
import { html } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { put } from "../parts/router.js";
import { ColourLegend } from "../parts/colour-legend.js";
import { Pager } from "../parts/pager.js";
import { Wrong } from "../parts/show.js";
import { Thumb, source } from "./thumb.js";

export function Browse({ found, query }) {
  const [shows, side, start] = [query.get("shows") || "", query.get("side") || "", Number(query.get("from")) || 0];
  const { value, error } = useAnswer(`/api/audit/${found.id}/pictures?${new URLSearchParams({ task: found.task, shows, side, start, v: found.stamp })}`);
  const picture = query.get("picture");
  return html`
    ${picture !== null ? html`<${Large} key=${picture} found=${found} row=${Number(picture)} />` : null}
    <h2>All pictures</h2>
    <div class="fields browse-choosers">
      <div class="field"><label for="shows">Class</label><select id="shows" value=${shows} onChange=${(event) => put({ shows: event.target.value, from: "" })}>
        <option value="">all classes</option>${found.classes.map((name) => html`<option value=${name}>${name}</option>`)}</select></div>
      <div class="field"><label for="side">Side</label><select id="side" value=${side} onChange=${(event) => put({ side: event.target.value, from: "" })}>
        <option value="">all sides</option>${[["train", "training"], ["validation", "validation"], ["test", "test"], ["none", "kept out"]].map(([name, text]) => html`<option value=${name}>${text}</option>`)}</select></div>
    </div>
    <${ColourLegend} colours=${found.colours} />
    <${Wrong} text=${error} />
    ${value ? html`${value.total ? null : html`<p>There is no such picture.</p>`}
      <ul class="picture-grid plain">${value.pictures.map((one) => html`<li key=${one.row}><${Thumb} found=${found} one=${one} /></li>`)}</ul>
      <${Pager} start=${value.start} size=${48} total=${value.total} go=${(next) => put({ from: next || "" }, false)} />` : html`<p class="note" role="status">Loading …</p>`}`;
}

function Large({ found, row }) {
  const { value, error } = useAnswer(`/api/audit/${found.id}/varied?${new URLSearchParams({ task: found.task, row })}`);
  const one = value && value.picture;
  if (!value) return html`<${Wrong} text=${error} />`;
  if (!one) return html`<p>There is no picture ${row} in this data set.</p>`;
  return html`<section class="one-picture" aria-labelledby="large-title">
    <h2 id="large-title">${one.name}</h2>
    ${one.whole ? html`<figure><img class="sharp" src=${source(found, row, { side: 720 })} alt=${`${one.label}: ${one.name}`} width="480" height="480" /></figure>` : html`<p>This picture cannot be read.</p>`}
    <p><strong>${one.label}</strong>${one.side ? `, in ${one.side === "train" ? "training" : one.side}` : ", kept out"}. Number ${row}. <span class="note">${one.key}</span></p>
    <p>${value.trained ? html`<a class="button" href=${`/data/${found.id}?${new URLSearchParams({ ...(found.task ? { task: found.task } : {}), part: "varied", picture: row })}`}>See what training makes of it</a> ` : null}
      <button type="button" class="button" onClick=${() => put({ picture: "" }, false)}>Close</button></p>
  </section>`;
}
