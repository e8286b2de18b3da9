// Two answers beside each other: to the picture as it is, and to the changed one.
import { html } from "../parts/html.js";
import { percent } from "../parts/words.js";


export function Moved({ before, after, task }) {
  const shares = task === "classify" || task === "segment";
  const both = [["Before", before], ["Now", after]];
  return html`<${Said} before=${before} after=${after} />
    ${shares ? html`<${Shares} before=${before} after=${after} />` : null}
    ${before.drawn ? html`<div class="why-drawn">${both.map(([title, answer]) => html`<div key=${title}>
      <figure><img src=${answer.drawn} alt=${`${title}: ${answer.said}`} /><figcaption><strong>${title}</strong></figcaption></figure>
      ${shares ? null : html`<${Things} title=${title} answer=${answer} />`}</div>`)}</div>` : null}`;
}

function Said({ before, after }) {
  return html`<p class="why-said" role="status">Before: ${before.said}. Now: <strong>${after.said}</strong>.</p>`;
}

// One line for each class, in the order of the answer before, so that no line jumps while the hand moves.
function Shares({ before, after }) {
  const now = new Map(after.lines);
  const was = new Map(before.lines);
  const names = [...was.keys(), ...[...now.keys()].filter((name) => !was.has(name))];
  return html`<ul class="why-shares plain" aria-label="The answer before and now">${names.map((name) => {
    const [a, b] = [was.get(name) || 0, now.get(name) || 0];
    return html`<li key=${name}><span class="name">${name}</span>
      <span class="why-track" aria-hidden="true"><span class="was" style=${{ width: `${100 * a}%` }}></span><span class="now" style=${{ width: `${100 * b}%` }}></span></span>
      <span class="tabular why-moved"><span>${percent(a)}</span> → <strong>${percent(b)}</strong></span></li>`;
  })}</ul>
  ${before.more ? html`<p class="note">The ${before.lines.length} likeliest are shown.</p>` : null}
  <p class="note"><span class="why-mark was"></span> before <span class="why-mark now"></span> now</p>`;
}

function Things({ title, answer }) {
  return html`${answer.lines.length ? html`<ol aria-label=${title}>${answer.lines.map(([name, sure]) => html`<li>${name} <span class="tabular">${percent(sure)}</span></li>`)}</ol>`
    : html`<p>Nothing found.</p>`}${answer.more ? html`<p class="note">And ${answer.more} more.</p>` : null}`;
}
