// The pictures of the run's own data to choose one from: a page of thumbnails, of one class or of all.
import { html } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { put } from "../parts/router.js";
import { Wrong } from "../parts/show.js";
import { counted } from "../parts/words.js";

// `words` name the picture that is looked at, `choose(words)` another.
export default function Data({ run, words, choose, query }) {
  const of = query.get("of") || "";
  const page = Number(query.get("page")) || 1;
  const { value, error } = useAnswer(`/api/glass/${run}/pictures?${new URLSearchParams({ of, page })}`);
  if (!value) return error ? html`<${Wrong} text=${error} />` : html`<p class="note" role="status">Loading …</p>`;
  if (value.note) return html`<p class="note">${value.note}</p>`;
  return html`<div class="glass-data">
    ${value.classes.length > 1 ? html`<div class="glass-of"><label for="glass-of">Class</label>
      <select id="glass-of" value=${of} onChange=${(event) => put({ of: event.target.value, page: "", from: "data" })}>
        <option value="">all classes</option>${value.classes.map((name) => html`<option value=${name}>${name}</option>`)}</select></div>` : null}
    <${Wrong} text=${error} />
    <ul class=${`glass-thumbs ${value.classes.length ? "named" : ""}`}>${value.pictures.map((one) => html`<li key=${one.number}>
      <button type="button" aria-pressed=${String(one.number) === words ? "true" : "false"} title=${`${one.name}, ${one.split}`}
        aria-label=${[one.label, one.name, one.split].filter(Boolean).join(", ")} onClick=${() => choose(String(one.number))}>
        <img src=${`/api/glass/${run}/pictures/${one.number}.png?side=96`} alt="" width="56" height="56" loading="lazy" />
        ${one.label ? html`<span>${one.label}</span>` : null}</button></li>`)}</ul>
    <div class="glass-pages">
      <button type="button" class="button small" disabled=${value.page <= 1} onClick=${() => put({ page: value.page - 1, from: "data" })}>Back</button>
      <span class="note" role="status">${value.page} of ${value.pages}</span>
      <button type="button" class="button small" disabled=${value.page >= value.pages} onClick=${() => put({ page: value.page + 1, from: "data" })}>Next</button>
    </div>
    <p class="note">${counted(value.total, "picture")}, validation first, then training. The test set stays sealed.</p>
  </div>`;
}
