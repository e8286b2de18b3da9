// Which run of the reader's own a lesson uses. It stands in the address as `run`; "none" is the built-in example.
import { html, freshId, useMemo } from "../../parts/html.js";
import { put } from "../../parts/router.js";

// The id of the run that the address names, or "".
export function chosen(query) {
  const given = query.get("run") || "";
  return given === "none" ? "" : given;
}

export function RunChoice({ runs, run }) {
  const id = useMemo(() => freshId("run"), []);
  if (runs !== null && !runs.length && !run) {
    return html`<p class="run-choice note">The questions are made of built-in examples. <a href="/?data=xo">Train a network</a>, and they are made of its numbers.</p>`;
  }
  const known = runs || [];
  return html`<div class="run-choice field"><label for=${id}>Your run</label>
    <select id=${id} value=${run || "none"} aria-describedby=${`${id}-help`} onChange=${(event) => put({ run: event.target.value }, false)}>
      <option value="none" selected=${!run}>none: the built-in examples</option>
      ${run && !known.some((one) => one.id === run) ? html`<option value=${run} selected>${runs ? "a run that is not here" : "…"}</option>` : null}
      ${known.map((one) => html`<option value=${one.id} selected=${one.id === run}>${one.name}: ${one.network} on ${one.data}</option>`)}
    </select>
    <p class="note" id=${`${id}-help`}>Questions and pictures are taken from it.</p></div>`;
}
