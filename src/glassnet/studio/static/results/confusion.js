// What is taken for what, and behind each cell its pictures.
import { html, useMemo, useRef } from "../parts/html.js";
import { put } from "../parts/router.js";
import { Pager } from "../parts/pager.js";
import { Scroll } from "../parts/show.js";
import { count, counted, percent } from "../parts/words.js";
import { matrix } from "./counting.js";
import { Picture } from "./picture.js";

const SHOWN = 24;
const LARGE = 8;
const LEAST = 0.005;

function level(right, n, total, pixels) {
  const share = n / Math.max(total, 1);
  if (!n || (pixels && share < LEAST)) return "";
  return `${right ? "hit" : "miss"}${1 + (share > 0.1) + (share > 0.3) + (share > 0.6)}`;
}

const said = (truth, answer) => (truth === answer ? `${truth}, rightly answered` : `${truth} taken for ${answer}`);

// `answers` are those of every picture where the network was asked; the stored cells stand until then.
export function Confusion({ run, found, scores, answers, threshold, ready, waits, query, split }) {
  const stored = scores.confusion;
  const classes = found.classes;
  const whole = useMemo(() => (answers && answers.truths ? matrix(answers, classes.length, threshold) : null), [answers, threshold]);
  const cells = useMemo(() => {
    if (!whole) return new Map(stored.cells.map((cell) => [`${cell.truth}-${cell.answer}`, cell]));
    const totals = classes.map((_, truth) => whole.places.slice(truth * classes.length, (truth + 1) * classes.length).reduce((sum, inside) => sum + inside.length, 0));
    return new Map(whole.places.map((inside, i) => {
      const [truth, answer] = [Math.floor(i / classes.length), i % classes.length];
      return [`${truth}-${answer}`, { truth, answer, n: inside.length, total: totals[truth], places: inside }];
    }));
  }, [stored, whole]);
  const pixels = stored.unit === "pixels";
  const open = query.get("cell") || "";
  const press = (cell) => put({ cell: open === cell ? "" : cell, from: "" });
  const chosen = cells.get(open);
  return html`<h2 id="confusion-part">What is taken for what</h2>
    <p>${pixels ? `Of all ${split} pixels of a class (row), the percentage that was given each class (column); less than half a per cent is a dot.`
      : `Rows are the truth, columns the answer, “found” is the recall of a class, all on ${split}.`} Press a number to see ${pixels ? "where" : "its pictures"}.</p>
    ${stored.counts ? html`<${Matrix} classes=${classes} counts=${stored.counts} cells=${cells} pixels=${pixels} open=${open} press=${press} />`
      : html`<${Pairs} classes=${classes} pairs=${stored.cells} cells=${cells} pixels=${pixels} open=${open} press=${press} />`}
    <div class="behind-cell" aria-live="polite">${chosen && (chosen.n || pixels) ? html`<${Behind} key=${open} run=${run} classes=${classes} cell=${chosen} answers=${answers} whole=${whole} pixels=${pixels}
      ready=${ready} waits=${waits} start=${Number(query.get("from")) || 0} />` : null}</div>`;
}

function Cell({ classes, truth, answer, n, total, opens, pixels, open, press }) {
  const share = n / Math.max(total, 1);
  if (!n || (pixels && share < LEAST)) return html`<span class="plain none" aria-label=${n ? "less than half a per cent" : "0"} role="img">·</span>`;
  const shown = pixels ? String(Math.round(100 * share)) : count(n);
  const label = `${pixels ? `${shown} per cent of the pixels` : counted(n, "picture")}: ${said(classes[truth], classes[answer])}`;
  if (!opens) return html`<span class="plain" title=${label}>${shown}</span>`;
  return html`<button type="button" data-cell=${`${truth}-${answer}`} aria-pressed=${open === `${truth}-${answer}`} aria-label=${label} title=${label} onClick=${() => press(`${truth}-${answer}`)}>${shown}</button>`;
}

function Matrix({ classes, counts, cells, pixels, open, press }) {
  const table = useRef(null);
  const k = classes.length;
  // Arrow keys go from number to number, over cells that have none.
  const walk = (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const cell = event.target.dataset && event.target.dataset.cell;
    if (!step || !cell) return;
    event.preventDefault();
    let [truth, answer] = cell.split("-").map(Number);
    for (;;) {
      truth += step[0];
      answer += step[1];
      if (truth < 0 || answer < 0 || truth >= k || answer >= k) return;
      const next = table.current.querySelector(`[data-cell="${truth}-${answer}"]`);
      if (next) { next.focus(); return; }
    }
  };
  return html`<${Scroll} label="Confusion matrix"><table class="confusion" ref=${table} onKeyDown=${walk} aria-label="Truth in rows, answers in columns">
    <thead><tr><td></td>${classes.map((name) => html`<th scope="col" title=${name}>${name}</th>`)}${pixels ? null : html`<th scope="col">found</th>`}</tr></thead>
    <tbody>${classes.map((name, truth) => {
      const one = (answer) => cells.get(`${truth}-${answer}`) || { n: counts[truth][answer], total: counts[truth].reduce((a, b) => a + b, 0), none: true };
      const total = one(truth).total;
      return html`<tr key=${truth}><th scope="row" title=${name}>${name}</th>${classes.map((_, answer) => {
        const cell = one(answer);
        return html`<td key=${answer} class=${level(truth === answer, cell.n, cell.total, pixels)}>
          <${Cell} classes=${classes} truth=${truth} answer=${answer} n=${cell.n} total=${cell.total} opens=${!cell.none} pixels=${pixels} open=${open} press=${press} /></td>`;
      })}${pixels ? null : html`<td class="recalled">${total ? percent(one(truth).n, 0, total) : "–"}</td>`}</tr>`;
    })}</tbody></table></${Scroll}>`;
}

function Pairs({ classes, pairs, cells, pixels, open, press }) {
  if (!pairs.length) return html`<p>Nothing: every answer is right.</p>`;
  return html`<${Scroll} label="The most confused pairs"><table class="confusion listed"><thead><tr><th scope="col">truth</th><th scope="col">answer</th><th scope="col">${pixels ? "of its pixels" : "pictures"}</th></tr></thead>
    <tbody>${pairs.map(({ truth, answer, n, total }) => html`<tr key=${`${truth}-${answer}`}><th scope="row">${classes[truth]}</th><td>${classes[answer]}</td><td class=${level(false, n, total, pixels)}>
      <${Cell} classes=${classes} truth=${truth} answer=${answer} n=${n} total=${total} opens=${cells.has(`${truth}-${answer}`)} pixels=${pixels} open=${open} press=${press} /></td></tr>`)}</tbody></table></${Scroll}>`;
}

function Behind({ run, classes, cell, answers, whole, pixels, ready, waits, start }) {
  const total = whole ? cell.places.length : cell.numbers.length;
  const size = pixels ? LARGE : SHOWN;
  const shown = (whole ? cell.places : cell.numbers).slice(start, start + size);
  const title = said(classes[cell.truth], classes[cell.answer]);
  const number = (one) => (whole ? answers.numbers[one] : one);
  const sure = (one) => (whole ? `${percent(whole.doubt(one), 0)} sure` : "");
  return html`<h3>${title}</h3>
    <p class="note">${pixels ? `${count(cell.n)} pixels, ${percent(cell.n, 1, cell.total)} of the class. Light is where they are, in the pictures that have most of them.`
      : `${counted(cell.n, "picture")}${!whole && total < cell.n ? `, ${total} of them shown` : ""}. ${cell.truth === cell.answer ? "The least sure first." : "The surest mistakes first."}`}</p>
    ${ready ? html`<ul class=${`picture-grid plain ${pixels ? "wide" : ""}`}>${shown.map((one) => html`<li key=${number(one)}><${Picture} run=${run} number=${number(one)} name=${`number ${number(one)}`} alt=${title} large=${pixels}
      ...${pixels ? { address: `/api/results/${run}/lit/${one}/${cell.truth}-${cell.answer}.png` } : {}}>${sure(one)}</${Picture}></li>`)}</ul>
      <${Pager} start=${start} size=${size} total=${total} go=${(next) => put({ from: next || "" })} />` : html`<p class="note" role="status">${waits}</p>`}`;
}
