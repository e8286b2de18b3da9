// The learning curves of all combinations in one chart. The best is drawn thick, those at work dashed, the chosen one on top.
import { html, freshId, useMemo } from "../parts/html.js";
import { ticks } from "../parts/chart.js";
import { Scroll } from "../parts/show.js";
import { counted, number } from "../parts/words.js";

const WIDTH = 900;
const HEIGHT = 340;
const LEFT = 56;
const RIGHT = 14;
const TOP = 14;
const BOTTOM = 36;
const KEYS = [["other", "all others"], ["working", "at work"], ["best", "best"], ["picked", "chosen"]];

function kindOf(line, best, picked) {
  if (line.number === picked) return "picked";
  if (line.number === best) return "best";
  return line.status === "running" ? "working" : "other";
}

const RANK = { other: 0, working: 1, best: 2, picked: 3 };

export function AllCurves({ lines, best, picked, over, choose, hover, headline }) {
  const id = useMemo(() => freshId("curves"), []);
  const drawn = lines.filter((line) => line.curve.length);
  const points = drawn.flatMap((line) => line.curve);
  const scores = points.map(([, value]) => value);
  const last = Math.max(2, ...points.map(([epoch]) => epoch), ...lines.map((line) => Math.round(line.epochs_planned / Math.max(1, line.runs.length))));
  const low = scores.length ? Math.min(...scores) : 0;
  const high = scores.length ? Math.max(...scores) : 1;
  const room = (high - low) * 0.05 || 0.05;
  const [bottom, top] = [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
  const x = (epoch) => LEFT + ((epoch - 1) / (last - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => TOP + (1 - (value - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const shown = drawn.map((line) => [kindOf(line, best, picked), line]).sort(([a], [b]) => RANK[a] - RANK[b]);
  const bestLine = drawn.find((line) => line.number === best);
  const kinds = new Set(shown.map(([kind]) => kind));
  const says = bestLine ? ` The best, combination ${best}, ends at ${number(bestLine.curve.at(-1)[1])}.` : "";
  return html`<figure class="all-curves">
    <${Scroll} label="Chart of all learning curves"><svg class="chart" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby=${id} data-curves=${drawn.length}>
      <title id=${id}>${headline} on validation over the epochs, ${counted(drawn.length, "curve")}.${says}</title>
      <g aria-hidden="true">
        ${ticks(bottom, top, 5).map((value) => html`<line class="axis" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(value)} y2=${y(value)} />
          <text x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${number(value, 3)}</text>`)}
        ${ticks(1, last, 8).filter((epoch) => Number.isInteger(epoch) && epoch >= 1).map((epoch) => html`
          <text x=${x(epoch)} y=${HEIGHT - BOTTOM + 16} text-anchor="middle">${epoch}</text>`)}
        <text x=${WIDTH - RIGHT} y=${HEIGHT - 3} text-anchor="end">epoch</text>
        ${shown.map(([kind, line]) => html`<${Curve} key=${line.number} kind=${over === line.number ? `${kind} over` : kind} line=${line} x=${x} y=${y} choose=${choose} hover=${hover} />`)}
      </g>
    </svg></${Scroll}>
    <figcaption>${drawn.length ? html`${headline} on validation over the epochs: ${KEYS.filter(([kind]) => kinds.has(kind)).map(([kind, name]) => html`<span class="key" key=${kind}>
      <svg viewBox="0 0 26 8" width="26" height="8" aria-hidden="true" class="chart"><line x1="1" x2="25" y1="4" y2="4" class=${`curve ${kind}`} /></svg> ${name}</span>`)}`
      : "No run has been validated yet."}</figcaption>
  </figure>`;
}

function Curve({ kind, line, x, y, choose, hover }) {
  const at = line.curve.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const heard = { onClick: () => choose(line.number), onMouseEnter: () => hover(line.number), onMouseLeave: () => hover(null) };
  if (line.curve.length === 1) {
    const [[epoch, value]] = line.curve;
    return html`<circle class=${`curve spot ${kind}`} cx=${x(epoch)} cy=${y(value)} r="4" data-n=${line.number} ...${heard} />`;
  }
  return html`<g ...${heard}><polyline class="reachable" points=${at} /><polyline class=${`curve ${kind}`} points=${at} data-n=${line.number} /></g>`;
}
