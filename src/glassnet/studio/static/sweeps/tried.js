// The settings that a sweep varies: each with a list of values or a range, written as `--set` has them.
import { html } from "../parts/html.js";

const SUGGESTED = [
  ["train.lr", "0.01, 0.003, 0.001", "three learning rates"],
  ["train.dropout", "0..0.5", "any dropout from 0 to 0.5"],
  ["network", "fast, tutorial", "two networks"],
];

// Split at the commas that stand in no brackets.
export function split(text) {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    depth += "[{".includes(letter) ? 1 : "]}".includes(letter) ? -1 : 0;
    if (letter === "," && depth <= 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

// Return {low, high, log} of a range that the form can show, or null.
export function range(text) {
  const found = /^\s*([^:\s]*?)\s*\.\.\s*([^:\s]*?)\s*(:log)?$/.exec(text);
  return found && { low: found[1], high: found[2], log: Boolean(found[3]) };
}

const ranged = ({ low, high, log }) => `${low.trim()}..${high.trim()}${log ? ":log" : ""}`;

export function Tried({ parts, tries, change, wrong }) {
  const fields = parts.flatMap((part) => part.fields);
  const names = Object.keys(tries);
  const open = SUGGESTED.filter(([name]) => !(name in tries) && fields.some((field) => field.name === name));
  return html`
    ${names.map((name) => html`<${One} key=${name} name=${name} field=${fields.find((one) => one.name === name)} text=${tries[name]}
      change=${(text) => change(name, text)} wrong=${wrong !== "" && wrong.includes(name)} />`)}
    <div class="row try-add">
      <label for="try-add">${names.length ? "Another setting" : "A setting to try"}</label>
      <select id="try-add" value="" onChange=${(event) => { const { value } = event.target; event.target.value = ""; if (value) change(value, ""); }}>
        <option value="">choose …</option>
        ${parts.map((part) => html`<optgroup label=${part.title}>${part.fields.filter((field) => !(field.name in tries)).map((field) => html`
          <option value=${field.name}>${field.name}</option>`)}</optgroup>`)}
      </select>
    </div>
    ${open.length ? html`<p class="note">${names.length ? "Often tried too:" : "A good beginning:"}
      ${open.map(([name, text, says], i) => html`${i ? ", " : " "}<button type="button" class="link" onClick=${() => change(name, text)}>${says}</button>`)}.</p>` : null}`;
}

function One({ name, field, text, change, wrong }) {
  const id = `try-${name.replaceAll(".", "-")}`;
  return html`<fieldset class=${`tried ${wrong ? "refused" : ""}`} aria-describedby=${`${id}-help`}>
    <legend>${name}</legend>
    <div class="tried-values">
      ${field && field.choices.length ? html`<${Words} id=${id} field=${field} text=${text} change=${change} wrong=${wrong} />`
        : field && field.numeric && (range(text) || !text.includes("..")) ? html`<${Numbers} id=${id} field=${field} text=${text} change=${change} wrong=${wrong} />`
        : html`<${List} id=${id} text=${text} change=${change} wrong=${wrong} shown="values, with commas" />`}
      <p class="note" id=${`${id}-help`}>${field ? field.help : "This setting is unknown, or does not vary in a sweep."}</p>
    </div>
    <button type="button" class="button small" aria-label=${`Remove ${name}`} onClick=${() => change(null)}>Remove</button>
  </fieldset>`;
}

function List({ id, text, change, wrong, shown, label = "Values" }) {
  return html`<div class="field"><label for=${id}>${label}</label>
    <input id=${id} type="text" autocomplete="off" spellcheck=${false} maxlength="2000" placeholder=${shown} value=${text} aria-invalid=${wrong ? "true" : null}
      onInput=${(event) => change(event.target.value)} /></div>`;
}

function Numbers({ id, field, text, change, wrong }) {
  const between = range(text);
  const bound = (key, label) => html`<div class="field"><label for=${`${id}-${key}`}>${label}</label>
    <input id=${`${id}-${key}`} type="text" inputmode="decimal" autocomplete="off" maxlength="40" value=${between[key]} aria-invalid=${wrong ? "true" : null}
      onInput=${(event) => change(ranged({ ...between, [key]: event.target.value }))} /></div>`;
  const kinds = [["list", "A list", !between, ""], ["range", "A range", Boolean(between), ".."]];
  return html`<div class="row tried-kind" role="radiogroup" aria-label=${`How ${field.name} varies`}>${kinds.map(([kind, label, on, empty]) => html`
      <label key=${kind}><input type="radio" name=${`${id}-kind`} checked=${on} onChange=${() => change(empty)} /> ${label}</label>`)}</div>
    ${between ? html`<div class="tried-range">${bound("low", "From")}${bound("high", "To")}
        <label class="tried-log"><input type="checkbox" checked=${between.log} onChange=${(event) => change(ranged({ ...between, log: event.target.checked }))} /> evenly in the logarithm</label></div>`
      : html`<${List} id=${id} text=${text} change=${change} wrong=${wrong} shown="0.1, 0.01" label="Values, with commas" />`}`;
}

function Words({ id, field, text, change, wrong }) {
  const chosen = split(text);
  const known = field.choices.map((choice) => String(choice.value));
  const others = chosen.filter((value) => !known.includes(value));
  const told = (ticked, typed) => change([...known.filter((value) => ticked.includes(value)), ...(typed === "" ? [] : [typed])].join(", "));
  return html`<div class="tried-words">${field.choices.map((choice) => html`<label key=${choice.value}>
      <input type="checkbox" checked=${chosen.includes(String(choice.value))} aria-invalid=${wrong ? "true" : null}
        onChange=${(event) => told(event.target.checked ? [...chosen, String(choice.value)] : chosen.filter((value) => value !== String(choice.value)), others.join(", "))} />
      <span>${choice.value}${choice.text ? html` <span class="note">${choice.text}</span>` : null}</span></label>`)}</div>
    ${field.name === "network" ? html`<${List} id=${`${id}-others`} text=${others.join(", ")} change=${(typed) => told(chosen, typed)} wrong=${false}
      shown="[{conv: 32, kernel: 3}, flatten, {dense: classes}]" label="Lists of layers" />` : null}`;
}
