// The choice of a data set: built-in ones, those of the studio's folders, any folder below them, and what is recognised in the one chosen.
import { html } from "./html.js";
import { useAnswer } from "./api.js";
import { put } from "./router.js";
import { Wrong } from "./show.js";
import { counted } from "./words.js";

export function DataChoice({ found, chosen, folder, choose, legend = "1. Pictures", hint = "xo is a good beginning: choose it and press Start training." }) {
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
