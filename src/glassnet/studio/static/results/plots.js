// Plots in the unit square: a curve with a point on it, and bars of confidence beside the diagonal.
import { html, freshId, useMemo } from "../parts/html.js";
import { score } from "../parts/words.js";

const SIDE = 220;
const LEFT = 46;
const TOP = 12;
const WIDTH = LEFT + SIDE + 14;
const HEIGHT = TOP + SIDE + 40;
const x = (value) => (LEFT + value * SIDE).toFixed(1);
const y = (value) => (TOP + (1 - value) * SIDE).toFixed(1);
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];

function Square({ title, said, across, up, children }) {
  const id = useMemo(() => freshId("plot"), []);
  return html`<figure class="square"><svg class="chart" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby=${id}>
    <title id=${id}>${title}. ${said}</title>
    <g aria-hidden="true">${QUARTERS.map((value) => html`<line class="axis" x1=${x(0)} x2=${x(1)} y1=${y(value)} y2=${y(value)} />
        <text x=${LEFT - 6} y=${Number(y(value)) + 4} text-anchor="end">${value}</text>
        <text x=${x(value)} y=${TOP + SIDE + 16} text-anchor="middle">${value}</text>`)}
      <text x=${x(1)} y=${HEIGHT - 4} text-anchor="end">${across}</text>
      ${children}</g></svg>
    <figcaption><strong>${title}</strong>: ${up} upward</figcaption></figure>`;
}

// A curve of [across, up] pairs. `point` is the place in use, `kept` a second one, drawn hollow.
export function UnitCurve({ title, pairs, across, up, point = null, kept = null, chance = false }) {
  const said = point ? `In use: ${across} ${score(point[0])}, ${up} ${score(point[1])}.` : "";
  return html`<${Square} title=${title} said=${said} across=${across} up=${up}>
    ${chance ? html`<line class="guess" x1=${x(0)} y1=${y(0)} x2=${x(1)} y2=${y(1)} />` : null}
    <polyline class="first" points=${pairs.map(([a, b]) => `${x(a)},${y(b)}`).join(" ")} />
    ${kept ? html`<circle class="kept" cx=${x(kept[0])} cy=${y(kept[1])} r="6" />` : null}
    ${point ? html`<circle class="in-use" cx=${x(point[0])} cy=${y(point[1])} r="6" />` : null}
  </${Square}>`;
}

// The share of right answers over their confidence, with intervals.
export function Reliability({ bins }) {
  const said = bins.map((bin) => `${score(bin.confidence)}: ${score(bin.accuracy)} right of ${bin.n}`).join("; ");
  return html`<${Square} title="Share right by confidence" said=${said} across="confidence" up="share right">
    <line class="guess" x1=${x(0)} y1=${y(0)} x2=${x(1)} y2=${y(1)} />
    ${bins.map((bin) => {
      const middle = (Number(x(bin.low)) + Number(x(bin.high))) / 2;
      return html`<rect class="share-bar" x=${Number(x(bin.low)) + 1} y=${y(bin.accuracy)} width=${Number(x(bin.high)) - Number(x(bin.low)) - 2} height=${Math.max(0, Number(y(0)) - Number(y(bin.accuracy)))} />
        <line class="whisker" x1=${middle} x2=${middle} y1=${y(bin.accuracy_low)} y2=${y(bin.accuracy_high)} />`;
    })}
  </${Square}>`;
}
