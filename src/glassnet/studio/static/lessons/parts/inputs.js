// What a reader changes in a lesson: a slider, a number, one of several, a tick. Each takes the same room whatever it holds.
import { html, freshId, useEffect, useMemo, useState } from "../../parts/html.js";
import { number } from "../../parts/words.js";

export { Grid } from "./grid.js";

const STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];

// The round values from `min` to `max`, twelve to a power of ten.
function rounds(min, max) {
  const found = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power += 1) {
    for (const step of STEPS) {
      const value = Number((step * 10 ** power).toPrecision(2));
      if (value >= min && value <= max) found.push(value);
    }
  }
  return found;
}

// `show` says how the value is written beside the slider; `log` goes from round value to round value, so that 0.001 is as easy to find as 1.
export function Slider({ label, value, min, max, step = 1, change, unit = "", note = "", log = false, show = number }) {
  const id = useMemo(() => freshId("slider"), []);
  const values = useMemo(() => (log ? rounds(min, max) : []), [log, min, max]);
  const far = (one) => Math.abs(Math.log(one / value));
  const place = log ? values.reduce((best, one, i) => (far(one) < far(values[best]) ? i : best), 0) : value;
  const ends = log ? { min: 0, max: values.length - 1, step: 1 } : { min, max, step };
  const moved = (at) => change(log ? values[at] : at);
  const text = `${show(value)}${unit ? ` ${value === 1 ? unit.replace(/s$/, "") : unit}` : ""}`;
  return html`<div class="field slide">
    <label for=${id}>${label} <output class="tabular" for=${id}>${text}</output></label>
    <input id=${id} type="range" ...${ends} value=${place} aria-valuetext=${text} onInput=${(event) => moved(Number(event.target.value))} />
    ${note ? html`<p class="note">${note}</p>` : null}
  </div>`;
}

// A number typed in. Half a number (a lone minus sign) waits and changes nothing.
export function NumberField({ label, value, change, min = null, max = null, step = "any", unit = "", note = "", hidden = false }) {
  const id = useMemo(() => freshId("number"), []);
  const [text, setText] = useState(String(value));
  useEffect(() => {
    if (Number(text) !== value || text.trim() === "") setText(String(value));
  }, [value]);
  const typed = (event) => {
    setText(event.target.value);
    const found = Number(event.target.value);
    if (event.target.value.trim() !== "" && Number.isFinite(found)) change(found);
  };
  return html`<div class="field">
    <label for=${id} class=${hidden ? "hidden" : null}>${label}${unit ? html` <span class="note">(${unit})</span>` : null}</label>
    <input id=${id} type="number" inputmode="decimal" value=${text} min=${min} max=${max} step=${step} onInput=${typed} />
    ${note ? html`<p class="note">${note}</p>` : null}
  </div>`;
}
export { NumberField as Number };

// One of several: `options` are texts, or {value, text}. Few stand as buttons, many (or with `many`) as a list to choose from.
export function Choice({ label, value, options, change, many = options.length > 6, note = "" }) {
  const id = useMemo(() => freshId("choice"), []);
  const known = options.map((one) => (typeof one === "object" ? one : { value: one, text: String(one) }));
  if (many) {
    return html`<div class="field"><label for=${id}>${label}</label>
      <select id=${id} value=${value} onChange=${(event) => change(known[event.target.selectedIndex].value)}>
        ${known.map((one) => html`<option value=${one.value} selected=${one.value === value}>${one.text}</option>`)}</select>
      ${note ? html`<p class="note">${note}</p>` : null}</div>`;
  }
  return html`<div class="field choice" role="group" aria-labelledby=${id}><p class="label" id=${id}>${label}</p>
    <div class="row">${known.map((one) => html`<button type="button" class="button" aria-pressed=${one.value === value}
      onClick=${() => change(one.value)}>${one.text}</button>`)}</div>
    ${note ? html`<p class="note">${note}</p>` : null}</div>`;
}

export function Tick({ label, value, change, note = "" }) {
  return html`<div class="field tick"><label><input type="checkbox" checked=${value} onChange=${(event) => change(event.target.checked)} />${label}</label>
    ${note ? html`<p class="note">${note}</p>` : null}</div>`;
}

// Several of the above beside each other.
export function Fields({ children }) {
  return html`<div class="fields controls">${children}</div>`;
}
