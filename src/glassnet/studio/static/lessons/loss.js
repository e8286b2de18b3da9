// Loss: one number for how wrong an answer is, and a ball that rolls down the surface of the loss, step by step.
import { html } from "../parts/html.js";
import { number } from "../parts/words.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Fields, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece, Rows } from "./parts/piece.js";
import { Plot } from "./parts/plot.js";
import { useShared } from "./parts/shared.js";
import { Ball } from "./loss-ball.js";
import { numbers } from "./sound.js";

const CLASSES = ["cat", "dog", "bird"];

export default function Loss({ lesson }) {
  return html`<${Entropy} start=${lesson.computes.entropy} /><${Ball} start=${lesson.computes.roll} />`;
}

function Entropy({ start }) {
  const [asked, setLogits] = useShared("logits", start.logits);
  const [truth, setTruth] = useShared("truth", start.truth);
  const logits = numbers(asked, start.logits, CLASSES.length);
  const found = useCompute("loss", "entropy", { logits, truth });
  const curve = useCompute("loss", "curve", { points: 100 });
  const told = found.value;
  const points = curve.value ? curve.value.share.map((share, i) => [share, curve.value.loss[i]]) : [];
  return html`<${Piece} title="How wrong is an answer?" error=${found.error || curve.error}
    try="Say that the picture shows a dog: the share of the truth is smaller, and the loss more than triples. Then raise the dog's value.">
    <${Choice} label="The picture shows a" value=${CLASSES[truth]} options=${CLASSES} change=${(name) => setTruth(CLASSES.indexOf(name))} />
    <${Fields}>${CLASSES.map((name, i) => html`<${Slider} key=${name} label=${`value for ${name}`} value=${logits[i]} min=${-4} max=${6} step=${0.1}
      change=${(value) => setLogits(logits.map((old, j) => (j === i ? value : old)))} />`)}</${Fields}>
    <${Beside}>
      <div>
        <${Rows} caption="What the network answers" head=${["class", "value", "share"]} rows=${CLASSES.map((name, i) => [
          i === truth ? html`<strong>${name}</strong>` : name, number(logits[i]), told ? told.shares[i].toFixed(3) : "…"])} />
        <${Figure} name=${`loss: −ln of the share of ${CLASSES[truth]}`} value=${told ? told.loss.toFixed(3) : null}
          note=${told ? `Guessing among three would cost ${told.guessing.toFixed(3)}.` : ""} />
      </div>
      <${Plot} label="Loss for every share of the truth" x="share of the truth" y="loss" lines=${[{ name: "loss", points }]} range=${{ x: [0, 1], y: [0, 5.5] }}
        mark=${told ? { x: told.share, y: Math.min(told.loss, 5.5), text: "This answer" } : null} />
    </${Beside}>
  </${Piece}>`;
}
