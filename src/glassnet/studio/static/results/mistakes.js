// The worst mistakes of a classifier: where the network was surest of a wrong answer. Often the label is what is wrong.
import { html } from "../parts/html.js";
import { put } from "../parts/router.js";
import { Pager } from "../parts/pager.js";
import { percent } from "../parts/words.js";
import { Picture } from "./picture.js";

const SHOWN = 24;

export function Mistakes({ run, scores, ready, waits, query }) {
  const wrong = scores.pictures.filter((one) => "loss" in one);
  const start = Number(query.get("worst")) || 0;
  return html`<h2 id="worst-part">Worst mistakes</h2>
    ${wrong.length ? html`<p>The answer and how sure the network was of it, then the label of the picture. Sometimes it is the label that is wrong.</p>
      ${ready ? html`<ul class="picture-grid plain">${wrong.slice(start, start + SHOWN).map((one) => html`<li key=${one.number}><${Picture} run=${run} number=${one.number} name=${one.name} alt=${`${one.truth} taken for ${one.answer}`}>
        <strong>${one.answer}</strong> ${percent(one.confidence, 0)}<br />truth: ${one.truth}</${Picture}></li>`)}</ul>
        <${Pager} start=${start} size=${SHOWN} total=${wrong.length} go=${(next) => put({ worst: next || "" })} what="mistakes" />` : html`<p class="note" role="status">${waits}</p>`}`
      : html`<p>There are none: every answer is right.</p>`}`;
}
