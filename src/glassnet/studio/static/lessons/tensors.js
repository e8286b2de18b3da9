// Tensors: rank and shape, indexing, reshape, broadcasting, on tensors that count 0, 1, 2, ….
import { html, freshId, useEffect, useMemo, useState } from "../parts/html.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Fields, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";

const MOST_AXES = 4;
const MOST_BLOCKS = 24;
const bracketed = (list) => `[${list.join(", ")}]`;
const isShape = (value) => Array.isArray(value) && value.every(Number.isInteger);

export default function Tensors({ lesson }) {
  const { index, reshape, broadcast } = lesson.computes;
  return html`<${Shape} start=${index} /><${Reshape} start=${reshape} /><${Broadcast} start=${broadcast} />`;
}

// Lengths typed as 3, 2, 4, 5; half a shape waits.
function ShapeField({ label, value, change, note = "" }) {
  const id = useMemo(() => freshId("shape"), []);
  const [text, setText] = useState(value.join(", "));
  const read = (given) => given.replace(/[[\]×x]/g, (sign) => (/[×x]/.test(sign) ? "," : "")).split(",").map((word) => word.trim().replace("−", "-"));
  useEffect(() => {
    if (read(text).map(Number).join() !== value.join()) setText(value.join(", "));
  }, [value.join()]);
  const typed = (event) => {
    setText(event.target.value);
    const words = read(event.target.value);
    if (words.length <= 6 && words.every((word) => /^-?\d{1,4}$/.test(word))) change(words.map(Number));
  };
  return html`<div class="field"><label for=${id}>${label}</label>
    <input id=${id} type="text" inputmode="text" autocomplete="off" spellcheck=${false} maxlength="30" value=${text} onInput=${typed} />
    ${note ? html`<p class="note">${note}</p>` : null}</div>`;
}

// The values in blocks: the last axis across, the one before it down, and a block for every place on the axes before those.
function blocks(values, shape) {
  if (shape.length === 0) return [{ place: [], rows: [[values]] }];
  if (shape.length === 1) return [{ place: [], rows: [values] }];
  if (shape.length === 2) return [{ place: [], rows: values }];
  return values.flatMap((inner, i) => blocks(inner, shape.slice(1)).map((block) => ({ place: [i, ...block.place], rows: block.rows })));
}

function Values({ values, shape, label, picked = null, size = 0, wide = null }) {
  const all = blocks(values, shape);
  const shown = all.slice(0, MOST_BLOCKS);
  const kind = (value) => {
    if (picked) return picked.has(value) ? "picked" : "";
    return "";
  };
  const tint = (value) => (size ? { backgroundColor: `rgba(var(--cell), ${(0.04 + (0.46 * value) / size).toFixed(3)})` } : null);
  return html`<div class="tensor-blocks" role="region" tabindex="0" aria-label=${label} style=${wide ? { gridTemplateColumns: `repeat(${wide}, max-content)` } : null}>
    ${shown.map((block) => html`<table class="grid-cells small" aria-label=${block.place.length ? `${label}, block ${bracketed(block.place)}` : label}>
      ${block.place.length ? html`<caption>${bracketed([...block.place, ":", ":"])}</caption>` : null}
      <tbody>${block.rows.map((row) => html`<tr>${row.map((value) => html`<td class=${kind(value)} style=${tint(value)}>${value}</td>`)}</tr>`)}</tbody></table>`)}
    ${all.length > shown.length ? html`<p class="note">and ${all.length - shown.length} more blocks</p>` : null}</div>`;
}

function Shape({ start }) {
  const [shape, setShape] = useShared("shape", start.shape);
  const [index, setIndex] = useShared("index", start.index);
  const good = isShape(shape) && shape.length ? shape : start.shape;
  const place = index.slice(0, good.length).map((at, axis) => Math.min(at, good[axis] - 1));
  const whole = useCompute("tensors", "describe", { shape: good });
  const part = useCompute("tensors", "index", place.length ? { shape: good, index: place } : null);
  const made = whole.value;
  const got = part.value && place.length ? part.value : null;
  const picked = got ? new Set([got.values].flat(Infinity)) : null;
  const lengthen = (axis) => (length) => setShape(good.map((old, i) => (i === axis ? length : old)));
  const fit = got ? (got.rank === 0 ? `the number ${got.values}` : `a tensor of shape ${bracketed(got.shape)}`) : "the whole tensor";
  return html`<${Piece} title="Rank, shape, and a place in it" error=${whole.error || part.error}
    try="Take one index away, the last: instead of one number you get a row. Take another: a table.">
    <${Fields}>
      ${good.map((length, axis) => html`<${Slider} key=${axis} label=${`Length of axis ${axis}`} value=${length} min=${1} max=${6} change=${lengthen(axis)} />`)}
    </${Fields}>
    <div class="row">
      <button type="button" class="button" aria-disabled=${good.length >= MOST_AXES} onClick=${() => good.length < MOST_AXES && setShape([...good, 2])}>Add an axis</button>
      <button type="button" class="button" aria-disabled=${good.length < 2} onClick=${() => { if (good.length > 1) { setShape(good.slice(0, -1)); setIndex(place.slice(0, good.length - 1)); } }}>Remove the last axis</button>
    </div>
    <${Beside}>
      <${Figure} name="Rank" value=${made && made.rank} note="how many axes" />
      <${Figure} name="Shape" value=${made && bracketed(made.shape)} note="how long each is" />
      <${Figure} name="Values" value=${made && made.size} note=${made ? made.shape.join(" × ") : ""} />
    </${Beside}>
    <h3>Index</h3>
    <${Fields}>
      ${place.map((at, axis) => html`<${Slider} key=${axis} label=${`Place on axis ${axis}`} value=${at} min=${0} max=${Math.max(good[axis] - 1, 0)}
        change=${(next) => setIndex(place.map((old, i) => (i === axis ? next : old)))} />`)}
    </${Fields}>
    <div class="row">
      <button type="button" class="button" aria-disabled=${!place.length} onClick=${() => setIndex(place.slice(0, -1))}>One index less</button>
      <button type="button" class="button" aria-disabled=${place.length >= good.length} onClick=${() => place.length < good.length && setIndex([...place, 0])}>One index more</button>
    </div>
    <p role="status"><code>tensor${place.length ? bracketed(place) : ""}</code> is ${fit}.</p>
    ${made ? html`<${Values} values=${made.values} shape=${made.shape} label="The tensor" picked=${picked} wide=${made.rank === 4 ? made.shape[1] : null} />` : html`<p class="note" role="status">Loading …</p>`}
  </${Piece}>`;
}

function Reshape({ start }) {
  const [to, setTo] = useShared("to", start.to);
  const found = useCompute("tensors", "reshape", { shape: start.shape, to });
  const made = found.value;
  const sizes = [[6, 20], [120], [2, 3, 20], [-1, 8]];
  return html`<${Piece} title="Reshape: the same numbers in another block"
    try="Type 7, 20: there are not that many numbers. Then type -1, 8: the -1 is worked out.">
    <${Fields}>
      <${ShapeField} label=${`From ${bracketed(start.shape)} to`} value=${to} change=${setTo} note="lengths with commas between them" />
      <${Choice} label="For example" value=${sizes.find((one) => one.join() === to.join())} options=${sizes.map((one) => ({ value: one, text: bracketed(one) }))} change=${setTo} />
    </${Fields}>
    ${found.error ? html`<p class="wrong" role="alert">${found.error}${made ? ` Below, the block is still ${bracketed(made.shape)}.` : ""}</p>` : null}
    ${made ? html`${found.error ? null : html`<p role="status">Shape ${bracketed(made.shape)}, rank ${made.rank}. The order of the numbers stays: row by row.</p>`}
      <${Values} values=${made.values} shape=${made.shape} label="The reshaped tensor" size=${120} />` : found.error ? null : html`<p class="note" role="status">Loading …</p>`}
  </${Piece}>`;
}

function Broadcast({ start }) {
  const [first, setFirst] = useShared("first", start.first);
  const [second, setSecond] = useShared("second", start.second);
  const found = useCompute("tensors", "broadcast", { first, second });
  const one = useCompute("tensors", "describe", first.length ? { shape: first } : null);
  const two = useCompute("tensors", "describe", second.length ? { shape: second } : null);
  const made = found.value;
  const pairs = [[[4, 5], [5]], [[4, 1], [1, 5]], [[3, 4, 5], [3, 1, 1]], [[4, 5], [4]]];
  const now = pairs.findIndex(([a, b]) => a.join() === first.join() && b.join() === second.join());
  const repeated = (axes) => (axes.length ? `repeated along axis ${axes.join(" and ")}` : "as it is");
  const size = made ? Math.max(1, ...[made.sum].flat(Infinity)) : 1;
  return html`<${Piece} title="Broadcasting: a short axis is repeated"
    try="Choose [4, 5] + [4]: counted from the last axis, 5 and 4 do not fit. [3, 4, 5] + [3, 1, 1] is how a bias is added to three maps.">
    <${Fields}>
      <${ShapeField} label="First shape" value=${first} change=${setFirst} />
      <${ShapeField} label="Second shape" value=${second} change=${setSecond} />
      <${Choice} label="For example" value=${now} options=${pairs.map(([a, b], i) => ({ value: i, text: `${bracketed(a)} + ${bracketed(b)}` }))}
        change=${(i) => { setFirst(pairs[i][0]); setSecond(pairs[i][1]); }} />
    </${Fields}>
    ${found.error ? html`<p class="wrong" role="alert">${found.error}</p>` : made ? html`<p role="status">Together ${bracketed(made.shape)}: the first ${repeated(made.repeated[0])}, the second ${repeated(made.repeated[1])}.</p>` : null}
    <${Beside}>
      ${one.value ? html`<figure><figcaption>first ${bracketed(one.value.shape)}</figcaption><${Values} values=${one.value.values} shape=${one.value.shape} label="First" /></figure>` : null}
      ${two.value ? html`<figure><figcaption>second ${bracketed(two.value.shape)}</figcaption><${Values} values=${two.value.values} shape=${two.value.shape} label="Second" /></figure>` : null}
      ${made && !found.error ? html`<figure><figcaption>sum ${bracketed(made.shape)}</figcaption><${Values} values=${made.sum} shape=${made.shape} label="Sum" size=${size} /></figure>` : null}
    </${Beside}>
  </${Piece}>`;
}
