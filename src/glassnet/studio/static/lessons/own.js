// Numbers of the reader's own run, for the pieces of a lesson that can begin with them.
import { html } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { Wrong } from "../parts/show.js";
import { same } from "./written.js";

// {own: {COMPUTE: values}, picture, note}, or nothing where no run is chosen.
export function useOwn(lesson, run) {
  const { value, error } = useAnswer(run ? `/api/lessons/${lesson}/own?${new URLSearchParams({ run })}` : "");
  return { ...(value || { own: {}, picture: "", note: "" }), error };
}

// A button that takes them, where the network has some that fit this piece, and one that brings the example back.
export function TakeOwn({ found, compute, what, take, start, now }) {
  const values = found.own[compute];
  const changed = Object.keys(now).some((name) => !same(now[name], start[name]));
  return html`<div class="row lesson-steps">
    ${values ? html`<button type="button" class="button" onClick=${() => take(values)}>Take numbers of your run</button>` : null}
    <button type="button" class="button" disabled=${!changed} onClick=${() => take(start)}>Back to the example</button>
    ${values ? html`<span class="note">${what}, of its picture ${found.picture}</span>` : null}
  </div><${Wrong} text=${found.error} />`;
}
