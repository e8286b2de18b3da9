// Lines over an axis, or single dots: a curve of a function, of a loss, of a score.
//   <${Plot} label="ReLU" x="sum" y="output" lines=${[{ name: "relu", points: [[-5, 0], [0, 0], [5, 5]] }]} mark=${{ x: 2, y: 2 }} />
//   dots  [{x, y, kind?, name?}]: kind "first" or "second"; range  {x: [low, high], y: [low, high]}: axes that stay
//   mark  {x, y, text?}, or a list: places on the lines; pick(x): called with the place on the x-axis that is pointed at and clicked
// Up to four lines, told apart by their stroke and not by colour alone; the numbers stand in a table below.
import { html, freshId, useMemo, useRef } from "../../parts/html.js";
import { ticks } from "../../parts/chart.js";
import { number } from "../../parts/words.js";
import { Scroll } from "../../parts/show.js";

const WIDTH = 440;
const HEIGHT = 260;
const LEFT = 54;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 38;
export const KINDS = ["first", "second", "third", "fourth"];
const ROWS = 25;

const minus = (text) => String(text).replace("-", "−");

function limits(values, fixed) {
  if (fixed) return fixed;
  const found = values.filter(Number.isFinite);
  if (!found.length) return [0, 1];
  const low = Math.min(...found);
  const high = Math.max(...found);
  const room = (high - low) * 0.05 || Math.abs(high) * 0.1 || 0.5;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

export function Plot({ label, lines = [], x, y, dots = [], mark = null, range = {}, pick = null, table = true }) {
  const id = useMemo(() => freshId("plot"), []);
  const drawing = useRef(null);
  const marks = mark === null ? [] : Array.isArray(mark) ? mark : [mark];
  const every = [...lines.flatMap((line) => line.points), ...dots.map((dot) => [dot.x, dot.y]), ...marks.map((one) => [one.x, one.y])];
  const xs = every.map((point) => point[0]).filter(Number.isFinite);
  const [left, right] = range.x || (xs.length ? [Math.min(...xs), Math.max(...xs)] : [0, 1]);
  const [low, high] = limits(every.map((point) => point[1]), range.y);
  const atX = (value) => LEFT + ((value - left) / (right - left || 1)) * (WIDTH - LEFT - RIGHT);
  const atY = (value) => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const inside = ([, value]) => Number.isFinite(value);
  const clicked = (event) => {
    const box = drawing.current.getBoundingClientRect();
    const share = (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT);
    pick(left + Math.max(0, Math.min(1, share)) * (right - left));
  };
  return html`<figure class="plot">
    <svg ref=${drawing} class=${`chart ${pick ? "open" : ""}`} viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby=${id} onClick=${pick ? clicked : null}>
      <title id=${id}>${label}. Across: ${x}, up: ${y}.${marks.map((one) => ` ${one.text || "Marked"}: ${number(one.x)}, ${number(one.y)}.`).join("")}</title>
      <defs><clipPath id=${`${id}-inside`}><rect x=${LEFT - 3} y=${TOP - 3} width=${WIDTH - LEFT - RIGHT + 6} height=${HEIGHT - TOP - BOTTOM + 6} /></clipPath></defs>
      <g aria-hidden="true">
        ${ticks(low, high).map((value) => html`<line class="axis" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${atY(value)} y2=${atY(value)} />
          <text x=${LEFT - 6} y=${atY(value) + 4} text-anchor="end">${minus(number(value, 3))}</text>`)}
        ${ticks(left, right, 5).map((value) => html`<line class="axis" x1=${atX(value)} x2=${atX(value)} y1=${TOP} y2=${HEIGHT - BOTTOM} />
          <text x=${atX(value)} y=${HEIGHT - BOTTOM + 15} text-anchor="middle">${minus(number(value, 3))}</text>`)}
        <text x=${WIDTH - RIGHT} y=${HEIGHT - 4} text-anchor="end">${x} →</text>
        <text x=${LEFT} y=${TOP - 3}>${y} ↑</text>
        <g clip-path=${`url(#${id}-inside)`}>
          ${lines.map((line, i) => html`<polyline class=${line.kind || KINDS[i % KINDS.length]}
            points=${line.points.filter(inside).map((point) => `${atX(point[0]).toFixed(1)},${atY(point[1]).toFixed(1)}`).join(" ")} />`)}
          ${dots.map((dot) => html`<circle class=${`dot ${dot.kind || "first"}`} cx=${atX(dot.x).toFixed(1)} cy=${atY(dot.y).toFixed(1)} r="3.5" />`)}
          ${marks.map((one) => html`<circle class="mark" cx=${atX(one.x).toFixed(1)} cy=${atY(one.y).toFixed(1)} r="6" />`)}
        </g>
      </g>
    </svg>
    <figcaption>${lines.length > 1 || dots.length ? lines.map((line, i) => html`<span class="key">
      <svg viewBox="0 0 26 8" width="26" height="8" aria-hidden="true" class="chart"><line x1="1" x2="25" y1="4" y2="4" class=${line.kind || KINDS[i % KINDS.length]} /></svg>
      ${" "}${line.name}</span>`) : label}</figcaption>
    ${table && lines.length ? html`<details><summary>As a table</summary><${Numbers} label=${label} lines=${lines} x=${x} /></details>` : null}
  </figure>`;
}

// At most a couple of dozen rows, spread over the whole line.
function Numbers({ label, lines, x }) {
  const at = [...new Set(lines.flatMap((line) => line.points.map((point) => point[0])))].sort((a, b) => a - b);
  const shown = at.length <= ROWS ? at : Array.from({ length: ROWS }, (_, i) => at[Math.round((i * (at.length - 1)) / (ROWS - 1))]);
  const value = (line, place) => (line.points.find((point) => point[0] === place) || [0, null])[1];
  return html`<${Scroll} label=${`${label}, as a table`}><table>
    <thead><tr><th scope="col" class="number">${x}</th>${lines.map((line) => html`<th scope="col" class="number">${line.name}</th>`)}</tr></thead>
    <tbody>${shown.map((place) => html`<tr><th scope="row" class="number">${minus(number(place))}</th>
      ${lines.map((line) => html`<td class="number">${minus(number(value(line, place)))}</td>`)}</tr>`)}</tbody></table></${Scroll}>`;
}
