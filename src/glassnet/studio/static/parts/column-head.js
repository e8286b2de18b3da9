// The head of a column: a button that sorts by it, unless the column is `plain`, has no `key`, or nobody is told the `order`.
import { html } from "./html.js";

// `sort` is the key of the column that is sorted by, with a minus for descending; `order` is told the next one. A column that is `down`
// begins with the largest. `full` is what its title is short for.
export function ColumnHead({ column, sort, order }) {
  const kind = column.number ? "number" : null;
  if (!order || !column.key || column.plain) return html`<th scope="col" class=${kind}>${column.title}</th>`;
  const now = sort === column.key ? "ascending" : sort === `-${column.key}` ? "descending" : null;
  const next = now === null ? (column.down ? "-" : "") + column.key : (now === "ascending" ? "-" : "") + column.key;
  return html`<th scope="col" class=${kind} aria-sort=${now}><button type="button" class="sorter" title=${column.full || null} onClick=${() => order(next)}>${column.title}</button></th>`;
}
