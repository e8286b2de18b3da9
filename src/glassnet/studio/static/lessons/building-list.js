// The list of layers that is being built: each row a layer with its settings, what comes out of it, and ways to move it.
import { html, useLayoutEffect, useRef } from "../parts/html.js";
import { count } from "../parts/words.js";
import { changed, fieldsOf, isVote, wordOf } from "./building-words.js";

// `table` is what the server says of the list: rows, at (the first layer that does not fit), error.
export function Layers({ layers, table, drag, box, change, move, remove, focus }) {
  const most = Math.max(1, ...(table ? table.rows.map((row) => row.parameters) : []));
  useLayoutEffect(() => {
    if (focus.current === null) return;
    const found = box.current.querySelectorAll(":scope > li .build-handle")[Math.min(focus.current, layers.length - 1)];
    focus.current = null;
    if (found) found.focus();
  }, [layers]);
  const ends = table && !table.fits && table.at === null ? table.error : "";
  return html`<ol class="build-layers" ref=${box} aria-label="Layers of your network">
    ${layers.map((layer, i) => html`<${Row} key=${i} layer=${layer} at=${i} last=${i + 1 === layers.length} table=${table} most=${most} drag=${drag}
      change=${(next) => change(i, next)} move=${(to) => move(i, to)} remove=${() => remove(i)} />`)}
    ${layers.length ? null : html`<li class="build-layer empty">Drag a layer here, or press one.</li>`}
  </ol>
  <p class=${`build-error ${ends ? "wrong" : ""}`} role="status">${ends}</p>`;
}

function Row({ layer, at, last, table, most, drag, change, move, remove }) {
  const word = wordOf(layer);
  const mine = table ? table.rows.filter((row) => row.number.split(".")[0] === String(at + 1)) : [];
  const out = mine.length ? mine[mine.length - 1] : null;
  const parameters = mine.reduce((sum, row) => sum + row.parameters, 0);
  const wrong = table && !table.fits && table.at === at ? table.error : "";
  const name = `Layer ${at + 1}, ${isVote(layer) ? "vote" : word}`;
  const key = (event) => {
    const to = { ArrowUp: at - 1, ArrowDown: at + 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); move(to); }
    if (event.key === "Delete") { event.preventDefault(); remove(); }
  };
  const shade = drag.held && drag.held.from === at ? "held" : "";
  const line = drag.over === at ? "put-before" : drag.over === at + 1 && last ? "put-behind" : "";
  return html`<li class=${`build-layer ${shade} ${line} ${wrong ? "misfit" : ""}`}>
    <div class="build-head">
      <button type="button" class="build-handle" aria-label=${`${name}: drag it, or press the up and down arrow keys; Delete takes it out`}
        onPointerDown=${(event) => drag.start(event, { from: at })} onKeyDown=${key}><span aria-hidden="true">⠿</span></button>
      <span class="build-number" aria-hidden="true">${at + 1}</span>
      <code>${isVote(layer) ? "dense: classes" : word}</code>
    </div>
    <div class="build-fields">${fieldsOf(layer).map((field) => html`<${Setting} key=${`${word}-${field.name}`} field=${field} name=${name}
      change=${(value) => change(changed(layer, field.name, value))} />`)}</div>
    <dl class="build-figures tabular">
      <div><dt>gives</dt><dd>${out ? out.output : "–"}</dd></div>
      <div><dt>parameters</dt><dd>${out ? count(parameters) : "–"}<span class="build-bar" aria-hidden="true"><i style=${{ width: `${out ? (100 * parameters) / most : 0}%` }}></i></span></dd></div>
      <div><dt>sees</dt><dd>${out ? out.receptive_field.join("×") : "–"}</dd></div>
    </dl>
    <div class="build-moves">
      <button type="button" class="button small" aria-label=${`${name}: move up`} disabled=${at === 0} onClick=${() => move(at - 1)}>↑</button>
      <button type="button" class="button small" aria-label=${`${name}: move down`} disabled=${last} onClick=${() => move(at + 1)}>↓</button>
      <button type="button" class="button small" aria-label=${`${name}: take out`} onClick=${remove}>×</button>
    </div>
    ${wrong ? html`<p class="wrong" role="alert">${wrong}</p>` : null}
  </li>`;
}

// One setting of a layer. A number that is half typed is not sent.
function Setting({ field, name, change }) {
  const id = useRef(`set-${Math.random().toString(36).slice(2)}`).current;
  const typed = (event) => {
    const value = Number(event.target.value);
    if (event.target.value !== "" && value >= field.min && value <= field.max && (field.step || Number.isInteger(value))) change(value);
  };
  return html`<span class="build-setting"><label for=${id}>${field.title}</label>
    ${field.kind === "choice"
      ? html`<select id=${id} value=${field.value} aria-label=${`${name}: ${field.title}`} onChange=${(event) => change(event.target.value)}>
          ${field.options.map((one) => html`<option value=${one}>${one}</option>`)}</select>`
      : html`<input id=${id} type="number" min=${field.min} max=${field.max} step=${field.step || 1} aria-label=${`${name}: ${field.title}`}
          value=${Array.isArray(field.value) ? field.value[0] : field.value} onInput=${typed} />`}</span>`;
}
