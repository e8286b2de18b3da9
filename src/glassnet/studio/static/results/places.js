// Tasks whose answers are places in pictures: truth beside answer, what goes wrong, and precision over recall.
import { html, useMemo } from "../parts/html.js";
import { put } from "../parts/router.js";
import { ColourLegend } from "../parts/colour-legend.js";
import { Pager } from "../parts/pager.js";
import { Scroll } from "../parts/show.js";
import { count, counted, percent, score } from "../parts/words.js";
import { UnitCurve } from "./plots.js";
import { Picture } from "./picture.js";

const SHOWN = 6;
const FIRST_CURVES = 8;
const ORDERS = [["", "Most wrong first"], ["best", "Best first"], ["name", "By name"], ["things", "Most things first"]];
const OF_TRUTH = [["found", "found", "a thing with an answer of its class that overlaps it by half or more"], ["missed", "missed", "a thing without such an answer"]];
const OF_ANSWERS = [["found", "right", "on a thing of its class"], ["background", "nothing there", "on background: hardly touches a thing"], ["wrong_class", "wrong class", "in the right place, under another name"],
  ["badly_placed", "badly placed", "touches a thing, but overlaps it by less than half"], ["double", "double", "on a thing that a surer answer has found already"]];

export function Mosaic({ run, found, scores, ready, waits, query }) {
  const order = query.get("order") || "";
  const start = Number(query.get("start")) || 0;
  const pixels = scores.task === "segment";
  const pictures = useMemo(() => {
    const all = scores.pictures.filter((one) => "score" in one);
    if (order === "best") all.reverse();
    if (order === "name") all.sort((a, b) => a.key.localeCompare(b.key, undefined, { numeric: true }));
    if (order === "things") all.sort((a, b) => (b.things || 0) - (a.things || 0));
    return all;
  }, [scores, order]);
  const orders = ORDERS.filter(([name]) => name !== "things" || pictures.some((one) => one.things !== null));
  const kinds = [["truth", "truth"], ["answer", "answer"], ...(pixels ? [["wrong", "wrong pixels"]] : scores.task === "localize" || scores.task === "detect" || scores.task === "instances" ? [["heat", "heat map"]] : [])];
  return html`<h2 id="beside-part">Truth and answer</h2>
    <p>First the annotation, then the answer, then ${pixels ? "the pixels that are wrong, light on dark" : "the heat map: the lighter, the surer that something is there"}. 1.00 is all right.${scores.errors && !pixels ? " Dashed are things that were missed and answers that are wrong." : ""}</p>
    <div class="sorters" role="group" aria-label="Order of the pictures">${orders.map(([name, text]) => html`<button type="button" class="button" aria-pressed=${order === name} onClick=${() => put({ order: name, start: "" })}>${text}</button>`)}</div>
    <${ColourLegend} colours=${found.colours} />
    ${ready ? html`<ul class="plain answer-mosaic">${pictures.slice(start, start + SHOWN).map((one) => html`<li key=${one.number} data-score=${one.score}>
        <div class="threefold">${kinds.map(([kind, text]) => html`<${Picture} run=${run} number=${one.number} name=${text} alt=${`${text} of ${one.name}`} address=${`/api/results/${run}/drawn/${one.number}/${kind}.png`} large=${true} />`)}</div>
        <p><strong class="tabular">${one.score.toFixed(2)}</strong> ${one.said} <span class="note">${one.name}, number ${one.number}</span></p></li>`)}</ul>
      <${Pager} start=${start} size=${SHOWN} total=${pictures.length} go=${(next) => put({ start: next || "" }, false)} />` : html`<p class="note" role="status">${waits}</p>`}`;
}

export function Errors({ scores, split }) {
  const found = scores.errors;
  if (!found) return null;
  const things = found.found + found.missed;
  const answers = OF_ANSWERS.reduce((sum, [kind]) => sum + found[kind], 0);
  const one = scores.exclusive;  // one answer for each picture: all kinds share out the pictures
  const every = [...OF_ANSWERS.slice(0, -1), ["missed", "no answer", "nothing was answered"]];
  return html`<h2 id="errors-part">What goes wrong</h2>
    <p>Counted over all ${split} pictures${scores.threshold !== null && scores.threshold !== undefined ? `, for answers from a confidence of ${scores.threshold.toFixed(2)}: the threshold that validation chose, and that predict uses` : ""}.</p>
    ${one ? html`<${Kinds} title=${`The answers for ${counted(answers + found.missed, "picture")}`} kinds=${every} found=${found} total=${answers + found.missed} />`
      : html`<${Kinds} title=${`Of ${counted(things, "thing")}`} kinds=${OF_TRUTH} found=${found} total=${things} /><${Kinds} title=${`Of ${counted(answers, "answer")}`} kinds=${OF_ANSWERS} found=${found} total=${answers} />`}
    ${scores.curves.length ? html`<h3>Precision over recall</h3>
      <p>Precision is the share of answers that are right, recall the share of things that are found. The point is the threshold in use.</p>
      <div class="squares">${scores.curves.slice(0, FIRST_CURVES).map((curve) => html`<${Curve} key=${curve.name} curve=${curve} threshold=${scores.threshold} />`)}</div>
      ${scores.curves.length > FIRST_CURVES ? html`<details><summary>${counted(scores.curves.length - FIRST_CURVES, "more class", "more classes")}</summary>
        <div class="squares">${scores.curves.slice(FIRST_CURVES).map((curve) => html`<${Curve} key=${curve.name} curve=${curve} threshold=${scores.threshold} />`)}</div></details>` : null}` : null}`;
}

function Curve({ curve, threshold }) {
  const reached = curve.threshold.filter((value) => value >= threshold).length;
  const point = reached ? [curve.recall[reached - 1], curve.precision[reached - 1]] : [0, curve.precision[0]];
  const pairs = [[0, curve.precision[0]], ...curve.recall.map((recall, i) => [recall, curve.precision[i]])];
  return html`<${UnitCurve} title=${`${curve.name}${curve.ap === null ? "" : `, AP50 ${score(curve.ap)}`}`} pairs=${pairs} across="recall" up="precision" point=${point} />`;
}

function Kinds({ title, kinds, found, total }) {
  return html`<${Scroll} label=${title}><table><caption>${title}</caption>
    <thead><tr><th scope="col">kind</th><th scope="col" class="number">number</th><th scope="col" class="number">share</th><td></td><th scope="col">what it is</th></tr></thead>
    <tbody>${kinds.map(([kind, name, meaning]) => html`<tr key=${kind}><th scope="row">${name}</th><td class="number">${count(found[kind])}</td><td class="number">${total ? percent(found[kind], 0, total) : "–"}</td>
      <td><svg class="side-bars" viewBox="0 0 160 14" width="160" height="14" aria-hidden="true"><rect class=${kind === "found" ? "train" : "validation"} rx="2" width=${total ? ((found[kind] / total) * 160).toFixed(1) : 0} height="14" /></svg></td>
      <td class="word">${meaning}</td></tr>`)}</tbody></table></${Scroll}>`;
}
