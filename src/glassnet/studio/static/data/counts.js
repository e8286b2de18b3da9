// The pictures in numbers: classes and sides as bars, sizes, colours, things and pixels of the annotations.
import { html } from "../parts/html.js";
import { Scroll } from "../parts/show.js";
import { capital, count, counted, number, percent } from "../parts/words.js";
import { Thumb } from "./thumb.js";

const SIDES = [["train", "training"], ["validation", "validation"], ["test", "test, sealed"], ["none", "kept out"]];
const WIDE = 220;

export function Counts({ found }) {
  return html`
    <h2>Classes and sides</h2>
    <p>${found.kind === "classify" ? "" : "A picture counts for every class that it shows. "}This is the split that a training with no other settings gets.</p>
    <${Sides} rows=${found.sides} />
    ${found.reasons.length ? html`<ul class="note">${found.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>` : null}
    ${found.groups.reason ? html`<h2>Groups</h2><p>${capital(found.groups.reason)}.</p>
      ${found.groups.name ? html`<p>The largest is <strong>${found.groups.name}</strong> with ${counted(found.groups.total, "picture")}:</p>
        <ul class="picture-grid plain">${found.groups.pictures.map((one) => html`<li key=${one.row}><${Thumb} found=${found} one=${one} /></li>`)}</ul>` : null}` : null}
    ${found.things && found.things.count ? html`<${Things} things=${found.things} pixels=${found.pixels} />`
      : found.pixels ? html`<h2>What is annotated</h2><${Bars} head=${["class", "of all pixels"]} rows=${Object.entries(found.pixels.per_class).map(([name, share]) => [name, percent(share), share])} />` : null}
    ${found.pixels && found.pixels.ignored ? html`<p class="note">${percent(found.pixels.ignored)} of all pixels are ignored: neither learnt nor counted.</p>` : null}
    <h2>Sizes and colours</h2>
    <${Sizes} known=${found.statistics} />`;
}

function Sides({ rows }) {
  const shown = SIDES.filter(([name]) => name !== "none" || rows.some((row) => row.none));
  const all = (row) => SIDES.reduce((sum, [name]) => sum + row[name], 0);
  const most = Math.max(1, ...rows.map(all));
  return html`<ul class="colour-legend" aria-label="Colours of the sides">${shown.map(([name, text]) => html`<li>
      <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" class="side-bars"><rect class=${name} width="14" height="14" rx="3" /></svg> ${text}</li>`)}</ul>
    <${Scroll} label="Pictures of each class and side"><table>
    <thead><tr><th scope="col">class</th><td></td>${shown.map(([name]) => html`<th scope="col" class="number">${name === "none" ? "kept out" : name}</th>`)}<th scope="col" class="number">together</th></tr></thead>
    <tbody>${rows.map((row) => {
      let at = 0;
      return html`<tr key=${row.name}><th scope="row">${row.name}</th>
        <td><svg class="side-bars" viewBox=${`0 0 ${WIDE} 14`} width=${WIDE} height="14" aria-hidden="true">${shown.map(([name]) => {
          const wide = (row[name] / most) * WIDE;
          const bar = html`<rect class=${name} x=${at.toFixed(1)} width=${wide.toFixed(1)} height="14" />`;
          at += wide;
          return bar;
        })}</svg></td>
        ${shown.map(([name]) => html`<td class="number">${count(row[name])}</td>`)}<td class="number">${count(all(row))}</td></tr>`;
    })}</tbody></table></${Scroll}>`;
}

// Rows are [name, …texts, share]: the share becomes a bar.
function Bars({ head, rows, label = "" }) {
  const most = Math.max(1e-9, ...rows.map((row) => row[row.length - 1]));
  return html`<${Scroll} label=${label || head.join(", ")}><table>
    <thead><tr>${head.map((text, i) => html`<th scope="col" class=${i ? "number" : null}>${text}</th>`)}<td></td></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row[0]}><th scope="row">${row[0]}</th>${row.slice(1, -1).map((text) => html`<td class="number">${text}</td>`)}
      <td><svg class="side-bars" viewBox=${`0 0 ${WIDE} 14`} width=${WIDE} height="14" aria-hidden="true"><rect class="train" width=${((row[row.length - 1] / most) * WIDE).toFixed(1)} height="14" /></svg></td></tr>`)}</tbody>
  </table></${Scroll}>`;
}

function Things({ things, pixels }) {
  const each = things.per_picture;
  const found = things.fitted_histogram;
  const share = (n) => percent(n, 0, things.count);
  const names = found ? [`below ${found.edges[0]}`, ...found.edges.slice(1).map((edge, i) => `${found.edges[i]} to ${edge}`), `${found.edges[found.edges.length - 1]} or more`] : [];
  return html`<h2>What is annotated</h2>
    <p>${counted(things.count, "thing")}, ${each.smallest === each.largest ? `${number(each.median, 3)} in every picture`
      : `${each.smallest} to ${each.largest} in a picture, half of the pictures have at most ${number(each.median, 3)}`}${things.without ? `; ${counted(things.without, "picture")} without any` : ""}${things.crowd
      ? `; ${count(things.crowd)} more are marked as crowds or difficult, which are neither learnt nor counted` : ""}.</p>
    <${Bars} head=${["class", "things", "share", ...(pixels ? ["of all pixels"] : [])]} rows=${Object.entries(things.per_class).map(([name, n]) => [name, count(n), share(n),
      ...(pixels ? [pixels.per_class[name] === undefined ? "–" : percent(pixels.per_class[name])] : []), n])} />
    ${found ? html`<h3>Sizes of things</h3>
      <p>The shorter side of a thing is ${number(things.short_side.smallest, 3)} to ${number(things.short_side.largest, 3)} pixels in the pictures as they came,
        ${" "}${number(things.fitted_short_side.smallest, 3)} to ${number(things.fitted_short_side.largest, 3)} as the network sees them (median ${number(things.fitted_short_side.median, 3)}).</p>
      <${Bars} head=${["shorter side as the network sees it", "things", "share"]} rows=${found.counts.map((n, i) => [names[i], count(n), share(n), n])} />` : null}`;
}

function span(found) {
  if (!found) return "";
  return found.smallest === found.largest ? `${count(found.smallest)} pixels` : `${count(found.smallest)} to ${count(found.largest)} pixels, half of them at most ${count(found.median)}`;
}

function Sizes({ known }) {
  const listed = (counts) => Object.entries(counts || {}).map(([name, n]) => `${name} ${count(n)}`).join(", ");
  const mean = known.mean_colour || [];
  const names = mean.length === 3 ? ["red", "green", "blue"] : ["grey"];
  const stored = known.stored;
  const rows = [
    ["width", span(known.width)], ["height", span(known.height)],
    ["as the network sees them", stored ? `${stored.width} × ${stored.height} pixels, ${stored.channels === 1 ? "grey" : "colour"}` : ""],
    ["file format", listed(known.format)], ["colour mode", listed(known.mode)], ["without colour", known.grey ? counted(known.grey, "picture") : ""],
    ["mean ± spread, 0 to 255", mean.map((value, i) => `${names[i]} ${value.toFixed(0)} ± ${known.std_colour[i].toFixed(0)}`).join(", ")],
    ["on disk", known.bytes ? `${(known.bytes / 1e6).toPrecision(3)} MB` : ""],
  ].filter(([, text]) => text);
  const [red, green, blue] = mean.length === 3 ? mean : [mean[0], mean[0], mean[0]];
  return html`<${Scroll} label="Sizes and colours"><table><tbody>${rows.map(([name, text]) => html`<tr key=${name}><th scope="row">${name}</th><td class="word">${text}</td></tr>`)}</tbody></table></${Scroll}>
    ${mean.length ? html`<p class="note"><svg viewBox="0 0 40 20" width="40" height="20" aria-hidden="true" class="swatch"><rect width="40" height="20" rx="4" fill=${`rgb(${[red, green, blue].map(Math.round).join(",")})`} /></svg>
      ${" "}the mean colour of all pictures</p>` : null}`;
}
