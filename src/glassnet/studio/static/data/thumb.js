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
