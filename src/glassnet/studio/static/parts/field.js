// One field of a recipe: a label, what it means, and what may be entered.
import { html } from "./html.js";

function bounds(field) {
  const parts = [];
  if (field.min !== undefined) parts.push(`from ${field.min}`);
  if (field.above !== undefined) parts.push(`above ${field.above}`);
  if (field.max !== undefined) parts.push(`up to ${field.max}`);
  if (field.below !== undefined) parts.push(`below ${field.below}`);
  return parts.length ? ` (${parts.join(", ")})` : "";
}

export function Field({ field, value, change, wrong }) {
  const id = `field-${field.name.replaceAll(".", "-")}`;
  const shared = { id, name: field.name, "aria-describedby": `${id}-help`, "aria-invalid": wrong ? "true" : null };
  return html`<div class=${`field ${wrong ? "refused" : ""}`}>
    <label for=${id}>${field.label}</label>
    ${field.choices.length
      ? html`<select ...${shared} value=${value || field.default} onChange=${(event) => change(event.target.value === field.default ? "" : event.target.value)}>
          ${field.choices.some((choice) => choice.value === field.default) ? null : html`<option value=${field.default}>${field.default}</option>`}
          ${field.choices.map((choice) => html`<option value=${choice.value}>${choice.value}${choice.text ? `: ${choice.text}` : ""}</option>`)}
        </select>`
      : html`<input ...${shared} type="text" inputmode=${field.numeric ? "decimal" : null} autocomplete="off" spellcheck=${false} maxlength="300"
          value=${value} placeholder=${field.default} onInput=${(event) => change(event.target.value)} />`}
    <p class="note" id=${`${id}-help`}>${field.help}${bounds(field)}</p>
  </div>`;
}
