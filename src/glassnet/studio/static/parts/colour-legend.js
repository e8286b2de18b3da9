// The classes with their colours, where they are drawn into pictures.
import { html } from "./html.js";

export function ColourLegend({ colours }) {
  const names = Object.keys(colours);
  if (!names.length) return null;
  return html`<ul class="colour-legend" aria-label="Colours of the classes">${names.map((name) => html`<li>
    <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><rect width="14" height="14" rx="3" fill=${`rgb(${colours[name].join(",")})`} /></svg> ${name}</li>`)}</ul>`;
}
