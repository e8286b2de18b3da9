// One piece of a lesson: a heading, a sentence what to try, and something to try it on.
//   <${Piece} title="One window" try="Change the 1 in the middle to 0: the sum falls by that pixel." error=${found.error}>…</${Piece}>
import { html, freshId, useMemo } from "../../parts/html.js";
import { Scroll } from "../../parts/show.js";

export function Piece({ title, try: what, error = "", children }) {
  const id = useMemo(() => freshId("piece"), []);
  return html`<section class="piece" aria-labelledby=${id}>
    <h2 id=${id}>${title}</h2>
    <p class="try">${what}</p>
    ${children}
    <div class="piece-error">${error ? html`<p class="wrong" role="alert">${error}</p>` : null}</div>
  </section>`;
}

// Two or three things beside each other, below each other where there is no room.
export function Beside({ children }) {
  return html`<div class="beside">${children}</div>`;
}

// A figure with its name, read out as it changes: <${Figure} name="weights" value="120,000" note="200 × 200 × 3" />
export function Figure({ name, value, note = "" }) {
  return html`<div class="card lesson-figure" role="status"><p>${name}</p><p class="big">${value === null || value === undefined ? "…" : value}</p>
    ${note ? html`<p class="note">${note}</p>` : null}</div>`;
}

// Rows of a table with a head; cells are texts or numbers, `numbers` says from which column on they stand at the right.
export function Rows({ caption, head, rows, numbers = 1 }) {
  return html`<${Scroll} label=${caption}><table>
    <caption>${caption}</caption>
    <thead><tr>${head.map((cell, i) => html`<th scope="col" class=${i >= numbers ? "number" : null}>${cell}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => (i ? html`<td class=${i >= numbers ? "number" : null}>${cell}</td>`
      : html`<th scope="row" class=${i >= numbers ? "number" : null}>${cell}</th>`))}</tr>`)}</tbody>
  </table></${Scroll}>`;
}
