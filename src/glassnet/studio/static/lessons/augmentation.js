// Augmentation: one picture as training would show it in its first epochs, with every knob of the recipe.
import { html } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { number } from "../parts/words.js";
import { Scroll } from "../parts/show.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Slider } from "./parts/inputs.js";
import { Picture, PictureChoice, usePicture } from "./parts/picture.js";
import { Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";

const EPOCHS = 8;
const WORDS = {
  zoom: "zoom in and out", shift: "shift", crop: "crop", brightness: "brightness", contrast: "contrast", saturation: "saturation (colours)",
  invert: "negative", cutout: "cutout", rotate: "rotate", flip: "mirror",
};
const minus = (value) => number(value, 3).replace("-", "−");

export default function Augmentation({ lesson, run }) {
  const start = lesson.computes.vary;
  const picture = usePicture(run, run ? "run" : start.picture);
  const [augment, setAugment] = useShared("augment", start.augment);
  const [dice, setDice] = useShared("dice", start.seed);
  const { value, error } = useCompute("augmentation", "vary", { picture: picture.given, augment, count: EPOCHS, seed: dice });
  const own = useAnswer(run ? `/api/runs/${run}` : "");
  const set = (name) => (next) => setAugment({ ...augment, [name]: next });
  const knobs = value ? Object.entries(value.knobs) : [];
  const yours = own.value && value ? Object.fromEntries(knobs.map(([name]) => [name, own.value.settings[`augment.${name}`]]).filter(([, each]) => each)) : null;
  return html`<${Piece} title="The same picture in eight epochs" error=${error}
    try="Set rotate to 180: an X stays an X. Would a 6 stay a 6? Only use changes that leave the answer true.">
    <${PictureChoice} picture=${picture} />
    <div class="augmented">
      <figure>${value ? html`<${Picture} small bytes=${value.original} label="The picture as it is" />` : html`<div class="lesson-picture small empty"></div>`}<figcaption>as it is</figcaption></figure>
      ${Array.from({ length: EPOCHS }, (_, i) => html`<figure key=${i}>
        ${value && value.shown[i] ? html`<${Picture} small bytes=${value.shown[i].bytes} label=${`The picture in epoch ${i + 1}`} />` : html`<div class="lesson-picture small empty"></div>`}
        <figcaption>epoch ${i + 1}</figcaption></figure>`)}
    </div>
    <p class="row">
      <button type="button" class="button" onClick=${() => setDice(dice + 1)}>Draw lots again</button>
      <button type="button" class="button" onClick=${() => setAugment({ flip: "none" })}>Switch all off</button>
      <button type="button" class="button" onClick=${() => setAugment(start.augment)}>The example</button>
      ${yours ? html`<button type="button" class="button" onClick=${() => setAugment(yours)}>As your run was trained</button>` : null}
    </p>
    <div class="fields controls">${knobs.map(([name, knob]) => (knob.words
      ? html`<${Choice} key=${name} many label=${WORDS[name] || name} value=${augment[name] || "none"} options=${knob.words} change=${set(name)} note=${value.fields[name]} />`
      : html`<${Slider} key=${name} label=${WORDS[name] || name} value=${augment[name] || 0} min=${0} max=${knob.most === null ? knob.below - 0.05 : knob.most}
          step=${knob.most > 1 ? 1 : 0.05} unit=${name === "rotate" ? "degrees" : ""} change=${set(name)} note=${value.fields[name]} />`))}</div>
    ${value && value.original.length === 1 ? html`<p class="note">This picture is grey, so a change of saturation does nothing to it.</p>` : null}
    <details><summary>The numbers behind it</summary>
      <p class="note">Each epoch has one matrix, which says for every pixel of the new picture where in the old one it comes from, and one factor and one
        amount for its brightness: new value = factor × old value + amount, from 0 (black) to 1 (white).</p>
      <${Scroll} label="Matrices and brightness of each epoch"><table>
        <thead><tr><th scope="col" class="number">epoch</th><th scope="col">column comes from</th><th scope="col">row comes from</th><th scope="col" class="number">factor</th><th scope="col" class="number">amount</th></tr></thead>
        <tbody>${(value ? value.shown : []).map((one, i) => html`<tr><th scope="row" class="number">${i + 1}</th>
          ${[0, 1].map((at) => html`<td>${minus(one.matrix[at][0])} · x + ${minus(one.matrix[at][1])} · y + ${minus(one.matrix[at][2])}</td>`)}
          <td class="number">${minus(one.gain)}</td><td class="number">${minus(one.offset)}</td></tr>`)}</tbody></table></${Scroll}>
    </details>
  </${Piece}>`;
}
