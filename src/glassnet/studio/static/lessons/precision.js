// Precision and recall: a threshold is moved over the shares of some pictures; the four counts and both figures move with it.
import { html, useRef } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { counted } from "../parts/words.js";
import { useCompute } from "./parts/compute.js";
import { Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece } from "./parts/piece.js";
import { Plot } from "./parts/plot.js";
import { useShared } from "./parts/shared.js";

const between = (figure) => `between ${figure.low.toFixed(3)} and ${figure.high.toFixed(3)} (95 %)`;

export default function Precision({ lesson, run }) {
  const own = useAnswer(run ? `/api/lessons/precision/own?${new URLSearchParams({ run })}` : "");
  const [whose, setWhose] = useShared("whose", "example");
  const known = own.value && own.value.own.threshold;
  const mine = whose === "run" && known ? known : null;
  const { shares, positive } = mine || lesson.computes.threshold;
  const yes = mine ? mine.name : "yes";
  return html`
    ${own.value ? html`<p class="row">
      <button type="button" class="button" aria-pressed=${!mine} onClick=${() => setWhose("example")}>Twenty made-up pictures</button>
      ${known ? html`<button type="button" class="button" aria-pressed=${Boolean(mine)} onClick=${() => setWhose("run")}>Your run's ${counted(known.shares.length, "validation picture")}</button>`
        : html`<span class="note">${own.value.note}</span>`}</p>` : null}
    <${Moving} key=${mine ? run : ""} shares=${shares} positive=${positive} yes=${yes} start=${mine ? mine.threshold : lesson.computes.threshold.threshold} />`;
}

function Moving({ shares, positive, yes, start }) {
  const [threshold, setThreshold] = useShared("threshold", start);
  const { value, error } = useCompute("precision", "threshold", { shares, positive, threshold });
  const curve = useCompute("precision", "curve", { shares, positive });
  const found = value ? value.figures : {};
  const counts = value ? value.counts : {};
  const [hits, alarms, missed] = ["true positives", "false positives", "false negatives"].map((name) => counts[name]);
  const points = curve.value ? curve.value.recall.map((recall, i) => [recall, curve.value.precision[i]]) : [];
  const best = curve.value ? curve.value.best : null;
  return html`<${Piece} title="Move the threshold" error=${error || curve.error}
    try=${yes === "yes" ? "Drag the threshold to 0.90: all that is found is right, but most is missed. At 0.10 nothing is missed, and nearly half of what is found is wrong."
      : `Drag the threshold: to the right less is found, to the left more false alarms come in. Which mistake costs you more?`}>
    <${Strip} shares=${shares} positive=${positive} threshold=${threshold} yes=${yes} set=${setThreshold} />
    <div class="precision-slider"><${Slider} label=${`answer ${yes} from this share on`} value=${threshold} min=${0.01} max=${0.99} step=${0.01} change=${setThreshold} show=${(at) => Number(at).toFixed(2)} /></div>
    <p class="row">${best ? html`<button type="button" class="button" onClick=${() => setThreshold(Number(Math.max(0.01, Math.min(0.99, best.threshold)).toFixed(4)))}>Where F1 is highest</button>` : null}
      <button type="button" class="button" onClick=${() => setThreshold(start)}>Back to ${start.toFixed(2)}</button></p>
    <${Beside}>
      <table class="precision-counts"><caption>What is true, and what is answered</caption>
        <thead><tr><td></td><th scope="col">answered ${yes}</th><th scope="col">answered ${yes === "yes" ? "no" : `not ${yes}`}</th></tr></thead>
        <tbody><tr><th scope="row">truly ${yes}</th><td class="right">${hits}<span class="note">true positives</span></td><td>${missed}<span class="note">false negatives: missed</span></td></tr>
          <tr><th scope="row">truly ${yes === "yes" ? "no" : `not ${yes}`}</th><td>${alarms}<span class="note">false positives: false alarms</span></td><td class="right">${counts["true negatives"]}<span class="note">true negatives</span></td></tr></tbody></table>
      <div class="fit-figures">
        <${Figure} name="precision: of what was found, how much is relevant" value=${found.precision ? found.precision.value.toFixed(3) : "–"}
          note=${found.precision ? `${hits} ÷ (${hits} + ${alarms}), ${between(found.precision)}` : "nothing was found"} />
        <${Figure} name="recall: of the relevant, how much was found" value=${found.recall ? found.recall.value.toFixed(3) : "–"}
          note=${found.recall ? `${hits} ÷ (${hits} + ${missed}), ${between(found.recall)}` : "nothing is relevant"} />
        <p class="note tabular">F1 ${found.f1 ? found.f1.value.toFixed(3) : "–"}, accuracy ${found.accuracy ? found.accuracy.value.toFixed(3) : "–"}</p>
      </div>
    </${Beside}>
    <${Plot} label="Precision and recall at every threshold" x="recall" y="precision" lines=${[{ name: "every threshold", points }]} range=${{ x: [0, 1.03], y: [0, 1.06] }}
      mark=${found.precision && found.recall ? { x: found.recall.value, y: found.precision.value, text: "This threshold" } : null} />
    <p class="note tabular">${curve.value ? `Average precision, the area under this line: ${curve.value.average_precision.toFixed(3)}. F1 is highest, ${best.f1.toFixed(3)}, at a threshold of ${best.threshold.toFixed(3)}.` : ""}</p>
  </${Piece}>`;
}

// Every picture at its share: those for which yes is true above the line, the others below it. The threshold is dragged, or moved by its slider.
function Strip({ shares, positive, threshold, yes, set }) {
  const drawing = useRef(null);
  const x = (share) => 20 + share * 560;
  const small = shares.length > 80;
  const drag = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const box = drawing.current.getBoundingClientRect();
    const at = (((event.clientX - box.left) / box.width) * 600 - 20) / 560;
    set(Number(Math.max(0.01, Math.min(0.99, at)).toFixed(2)));
  };
  return html`<figure class="precision-strip"><svg class="chart wide" ref=${drawing} viewBox="0 0 600 120" role="img"
      aria-label=${`${shares.length} pictures by the share that the network gives ${yes}`} onPointerDown=${drag} onPointerMove=${drag}>
    <rect class="answered" x=${x(threshold)} y="12" width=${x(1) - x(threshold)} height="84" />
    <line class="axis" x1=${x(0)} x2=${x(1)} y1="54" y2="54" />
    ${shares.map((share, i) => (positive[i] ? html`<circle class="dot first" cx=${x(share)} cy=${34 + (small ? (i % 5) * 4 - 8 : 0)} r=${small ? 3 : 6} />`
      : html`<rect class="dot second" x=${x(share) - (small ? 2.5 : 5.5)} y=${68 + (small ? (i % 5) * 4 - 8 : 0)} width=${small ? 5 : 11} height=${small ? 5 : 11} />`))}
    <line class="bound" x1=${x(threshold)} x2=${x(threshold)} y1="6" y2="100" />
    ${[0, 0.25, 0.5, 0.75, 1].map((at) => html`<text x=${x(at)} y="114" text-anchor="middle">${at}</text>`)}
  </svg><figcaption>● truly ${yes}, ■ not. From left to right: the share that the network gives ${yes}. What lies right of the line is answered ${yes}.</figcaption></figure>`;
}
