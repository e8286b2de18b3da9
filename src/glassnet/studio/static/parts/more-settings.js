// The settings of one part of a recipe that few people change, folded away. It opens by itself where one of them is wrong.
import { html } from "./html.js";
import { Field } from "./field.js";
import { counted } from "./words.js";

export function MoreSettings({ part, settings, change, isWrong }) {
  const rest = part.fields.filter((field) => !field.first);
  const set = rest.filter((field) => settings[field.name]).length;
  if (!rest.length) return null;
  return html`<details open=${rest.some(isWrong) || null}>
    <summary>${part.title}: ${counted(rest.length, "more setting")}${set ? `, ${set} changed` : ""}</summary>
    <div class="fields">${rest.map((field) => html`
      <${Field} key=${field.name} field=${field} value=${settings[field.name] || ""} change=${change(field.name)} wrong=${isWrong(field)} />`)}</div>
  </details>`;
}
