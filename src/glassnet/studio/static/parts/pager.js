// Buttons to the pages of a long list. `go` is told where the next one begins.
import { html } from "./html.js";

export function Pager({ start, size, total, go, what = "pictures" }) {
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
