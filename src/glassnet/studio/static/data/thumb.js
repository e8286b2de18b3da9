// Pictures of a data set with what is known of each below.
import { html } from "../parts/html.js";

// The address of a picture; `found` is the page's {id, task, stamp}, so that a changed folder is never mixed with what a browser kept.
export function source(found, row, { drawn = true, side = 260 } = {}) {
  return `/api/audit/${found.id}/pictures/${row}.png?${new URLSearchParams({ task: found.task, drawn, side, v: found.stamp })}`;
}

// The address of the page of one picture.
export function single(found, row) {
  return `/data/${found.id}?${new URLSearchParams({ ...(found.task ? { task: found.task } : {}), part: "pictures", picture: row })}`;
}

export function Thumb({ found, one, drawn = true }) {
  return html`<figure>
    ${one.whole ? html`<a href=${single(found, one.row)} aria-label=${`Open ${one.name}`}>
      <img class="sharp" src=${source(found, one.row, { drawn })} alt=${`${one.label}: ${one.name}`} loading="lazy" width="260" height="260" /></a>`
      : html`<div class="unread-picture">cannot be read</div>`}
    <figcaption><strong>${one.label}</strong>${one.side ? `, ${one.side}` : ""}<br /><span title=${one.key}>${one.name}</span>
      ${one.remark ? html`<br />${one.remark}` : null}</figcaption>
  </figure>`;
}

// The classes with their colours, where they are drawn into pictures.
export function Legend({ colours }) {
  const names = Object.keys(colours);
  if (!names.length) return null;
  return html`<ul class="colour-legend" aria-label="Colours of the classes">${names.map((name) => html`<li>
    <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><rect width="14" height="14" rx="3" fill=${`rgb(${colours[name].join(",")})`} /></svg> ${name}</li>`)}</ul>`;
}

// Buttons to the pages of a long list. `go` is told where the next one begins.
export function Pages({ start, size, total, go, what = "pictures" }) {
  if (total && (start < 0 || start >= total)) {  // an address that was changed by hand, or pictures that are fewer now
    return html`<div class="row"><button type="button" class="button" onClick=${() => go(0)}>To the first</button>
      <span class="note" role="status">There are ${total.toLocaleString("en")} ${what}, and none here.</span></div>`;
  }
  if (total <= size) return null;
  const last = Math.min(start + size, total);
  return html`<div class="row"><button type="button" class="button" disabled=${start === 0} onClick=${() => go(Math.max(0, start - size))}>Before</button>
    <button type="button" class="button" disabled=${last >= total} onClick=${() => go(start + size)}>Next</button>
    <span class="note" role="status">${start + 1} to ${last} of ${total.toLocaleString("en")} ${what}</span></div>`;
}
