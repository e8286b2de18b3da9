// Learning curves: training solid, validation dashed, told apart by more than colour, readable as a table too.
import { html, freshId, useMemo } from "./html.js";
import { number } from "./words.js";

const WIDTH = 440;
const HEIGHT = 240;
const LEFT = 52;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 34;

// Round steps that cover a range with about `wanted` of them.
export function ticks(low, high, wanted = 4) {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999) || power;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) found.push(i * step);
  return found;
}

// A value beside an axis: short enough for the room there, however large or small.
function tick(value) {
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(1).replace(".0e", "e").replace("e+", "e");
  return size >= 1000 ? Math.round(value).toLocaleString("en") : number(value, 3);
}

function range(values, fixed) {
  if (fixed) return fixed;
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (!values.length) return [0, 1];
  const room = (high - low) * 0.06 || Math.abs(high) * 0.1 || 0.5;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

// A chart of two lines. `rows` are epochs, `lines` [{name, key, kind}], `epochs` how many are planned, so that the axis stays.
export function Curves({ title, rows, lines, epochs, fixed = null }) {
  const id = useMemo(() => freshId("chart"), []);
  const last = Math.max(epochs || 0, rows.length ? rows[rows.length - 1].epoch : 0, 2);
  const all = lines.flatMap((line) => rows.map((row) => row[line.key])).filter((value) => value !== null && value !== undefined);
  const [low, high] = range(all, fixed);
  const x = (epoch) => LEFT + ((epoch - 1) / (last - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const ends = lines.map((line) => {
    const seen = rows.filter((row) => row[line.key] !== null && row[line.key] !== undefined);
    return seen.length ? `${line.name} ${number(seen[seen.length - 1][line.key])} at epoch ${seen[seen.length - 1].epoch}` : `${line.name}: nothing yet`;
  });
  return html`<figure class="curves">
    <svg class="chart" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby=${id} data-epochs=${rows.length}>
      <title id=${id}>${title} over the epochs. ${ends.join("; ")}.</title>
      <g aria-hidden="true">
        ${ticks(low, high).map((value) => html`<line class="axis" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(value)} y2=${y(value)} />
          <text x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${tick(value)}</text>`)}
        ${ticks(1, last, 6).filter((epoch) => Number.isInteger(epoch) && epoch >= 1).map((epoch) => html`
          <text x=${x(epoch)} y=${HEIGHT - BOTTOM + 16} text-anchor="middle">${epoch}</text>`)}
        <text x=${WIDTH - RIGHT} y=${HEIGHT - 3} text-anchor="end">epoch</text>
        ${lines.map((line) => {
          const seen = rows.filter((row) => row[line.key] !== null && row[line.key] !== undefined);
          const points = seen.map((row) => `${x(row.epoch).toFixed(1)},${y(row[line.key]).toFixed(1)}`).join(" ");
          return seen.length > 1 ? html`<polyline class=${line.kind} points=${points} />`
            : seen.map((row) => html`<circle class=${`alone ${line.kind}`} cx=${x(row.epoch)} cy=${y(row[line.key])} r="3" />`);
        })}
      </g>
    </svg>
    <figcaption>${title}: ${lines.map((line, i) => html`<span class=${`key ${line.kind}`}>
      <svg viewBox="0 0 26 8" width="26" height="8" aria-hidden="true" class="chart"><line x1="1" x2="25" y1="4" y2="4" class=${line.kind} /></svg>
      ${" "}${line.name}</span>${i + 1 < lines.length ? " " : ""}`)}</figcaption>
  </figure>`;
}

// Both charts of a training.
export function LearningCurves({ rows, epochs, score = "score" }) {
  return html`<div class="charts">
    <${Curves} title="Loss" rows=${rows} epochs=${epochs}
      lines=${[{ name: "training", key: "loss", kind: "first" }, { name: "validation", key: "validation_loss", kind: "second" }]} />
    <${Curves} title=${score[0].toUpperCase() + score.slice(1)} rows=${rows} epochs=${epochs}
      lines=${[{ name: "training", key: "score", kind: "first" }, { name: "validation", key: "validation_score", kind: "second" }]} />
  </div>`;
}
