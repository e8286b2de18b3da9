// Five questions to one picture, with the true answer drawn into it, and how well two boxes agree.
import { html, useRef } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { count, counted, percent } from "../parts/words.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Fields, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece, Rows } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { numbers } from "./sound.js";

const NAMES = [
  { value: "classify", text: "classification" }, { value: "localize", text: "localization" }, { value: "detect", text: "object detection" },
  { value: "segment", text: "semantic segmentation" }, { value: "instances", text: "instance segmentation" },
];
const NEEDS = {
  classify: "One word for each picture: the folder it lies in.",
  localize: "One box for each picture, and its class.",
  detect: "A box around every thing, and its class.",
  segment: "A class for every pixel, painted as a mask.",
  instances: "A mask of its own for every thing.",
};

export default function Tasks({ lesson, run }) {
  return html`<${Asking} start=${lesson.computes.ask} run=${run} /><${Agreeing} start=${lesson.computes.overlap} />`;
}

function Asking({ start, run }) {
  const [task, setTask] = useShared("task", start.task);
  const [shown, setShown] = useShared("number", start.number);
  const { value, error } = useCompute("tasks", "ask", { task, number: shown });
  const own = useAnswer(run ? `/api/runs/${run}` : "");
  return html`<${Piece} title="One picture, five questions" error=${error}
    try="Ask all five, one after the other, and watch what is drawn into the picture: the more is asked, the more must be answered.">
    <${Choice} label="The question" many=${false} value=${task} options=${NAMES} change=${setTask} />
    <${Fields}><${Slider} label="picture" value=${shown} min=${0} max=${29} change=${setShown} /></${Fields}>
    <p class="task-asks" role="status">${value ? html`<strong>${value.question}</strong> ${answer(value)}` : ""}</p>
    <${Beside}>
      <div class="task-picture">${value ? html`<img class="pixels" src=${value.picture.image} width="384" height="384" alt=${`Drawn shapes. ${answer(value)}`} />` : null}</div>
      <div>
        ${value && value.boxes.length ? html`<${Rows} caption=${task === "instances" ? "Every thing" : "Boxes, in pixels"} head=${["class", "left", "top", "right", "bottom", ...(value.pixels.length ? ["pixels"] : [])]}
          rows=${value.boxes.map((box, i) => [value.labels[i], ...box.map((side) => Math.round(side)), ...(value.pixels.length ? [count(value.pixels[i])] : [])])} />` : null}
        ${value && Object.keys(value.shares).length ? html`<${Rows} caption="Share of the pixels" head=${["class", "share"]}
          rows=${Object.entries(value.shares).map(([name, share]) => [name, percent(share)])} />` : null}
        <p class="note">What somebody has to annotate: ${NEEDS[task]}</p>
        <p class="note">In Glassnet: <code>glassnet train PICTURES --task ${task}</code>, or it is seen from the annotations.</p>
        ${own.value && own.value.run.task ? html`<p class="note">Your run ${own.value.run.name} answers the question of ${NAMES.find((one) => one.value === own.value.run.task).text}.</p>` : null}
      </div>
    </${Beside}>
  </${Piece}>`;
}

function answer(value) {
  const { task, labels } = value;
  if (task === "classify") return `The answer: ${labels[0]}, its largest thing.`;
  if (task === "localize") return `The answer: a box around the ${labels[0]}.`;
  if (task === "detect") return `The answer: ${counted(labels.length, "box", "boxes")}: ${labels.join(", ")}.`;
  if (task === "segment") return `The answer: a class for each of ${count(96 * 96)} pixels.`;
  return `The answer: ${counted(labels.length, "mask")}: ${labels.join(", ")}.`;
}

// The true box stays; the answered one is dragged, or moved by its sliders.
function Agreeing({ start }) {
  const [asked, setBox] = useShared("box", start.second);
  const box = numbers(asked, start.second, 4);
  const drawing = useRef(null);
  const grip = useRef(null);
  const { value, error } = useCompute("tasks", "overlap", { first: start.first, second: box });
  const [left, top, right, bottom] = box;
  const [wide, high] = [right - left, bottom - top];
  const place = (x, y) => setBox([x, y, x + wide, y + high]);
  const at = (event) => {
    const area = drawing.current.getBoundingClientRect();
    return [((event.clientX - area.left) / area.width) * 120 - 20, ((event.clientY - area.top) / area.height) * 120 - 20];
  };
  const down = (event) => {
    const [x, y] = at(event);
    grip.current = [x - left, y - top];
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event) => {
    if (!grip.current) return;
    const [x, y] = at(event);
    place(...[x - grip.current[0], y - grip.current[1]].map((side) => Math.max(-20, Math.min(60, Math.round(side)))));
  };
  return html`<${Piece} title="How well do two boxes agree?" error=${error}
    try="Drag the dashed box onto the other one. Intersection over union is 1 where both are the same, and 0 where they do not touch.">
    <${Beside}>
      <svg class="task-boxes" ref=${drawing} viewBox="-20 -20 120 120" role="img" aria-label=${`A true box from 0, 0 to 40, 40, and an answer from ${left}, ${top} to ${right}, ${bottom}`}>
        <rect class="true" x=${start.first[0]} y=${start.first[1]} width=${start.first[2] - start.first[0]} height=${start.first[3] - start.first[1]} />
        <rect class="answered" x=${left} y=${top} width=${wide} height=${high} onPointerDown=${down} onPointerMove=${move} onPointerUp=${() => { grip.current = null; }} />
      </svg>
      <div class="fit-figures">
        <${Figure} name="intersection over union" value=${value ? value.iou.toFixed(3) : null} note=${`the true box from (0, 0) to (40, 40), the answer from (${left}, ${top}) to (${right}, ${bottom})`} />
        <${Slider} label="answer: left" value=${left} min=${-20} max=${60} change=${(x) => place(x, top)} />
        <${Slider} label="answer: top" value=${top} min=${-20} max=${60} change=${(y) => place(left, y)} />
        <${Slider} label="answer: side" value=${wide} min=${5} max=${60} change=${(size) => setBox([left, top, left + size, top + size])} />
      </div>
    </${Beside}>
  </${Piece}>`;
}
