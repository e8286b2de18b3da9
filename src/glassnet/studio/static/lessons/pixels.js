// How a computer sees a picture: its bytes under the pointer, a window of it as numbers, and how many of them a small change moves.
import { html, useState } from "../parts/html.js";
import { count, percent } from "../parts/words.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Fields, Grid, Slider } from "./parts/inputs.js";
import { Beside, Figure, Piece } from "./parts/piece.js";
import { Picture, PictureChoice, usePicture } from "./parts/picture.js";
import { useShared } from "./parts/shared.js";

const WINDOW = 7;
const CHANGES = {
  shift: { text: "shift", min: -8, max: 8, step: 1, start: 1, unit: "pixels" },
  rotate: { text: "rotate", min: -90, max: 90, step: 1, start: 5, unit: "degrees" },
  brighten: { text: "brighten", min: -0.5, max: 0.5, step: 0.01, start: 0.05, unit: "of the whole scale" },
  contrast: { text: "contrast", min: 0, max: 2, step: 0.05, start: 1.2, unit: "×" },
  blur: { text: "blur", min: 0, max: 4, step: 0.1, start: 1, unit: "pixels" },
};

export default function Pixels({ lesson, run }) {
  const picture = usePicture(run, run ? "run" : lesson.computes.look.picture);
  const found = useCompute("pixels", "look", { picture: picture.given });
  return html`
    <${Look} picture=${picture} found=${found} />
    <${Change} picture=${picture} before=${found.value} start=${lesson.computes.change} />`;
}

// Where a window of WINDOW pixels around a place begins, so that it stays within the picture.
function begin(at, length) {
  return Math.max(0, Math.min(length - WINDOW, at - Math.floor(WINDOW / 2)));
}

function Look({ picture, found }) {
  const made = found.value;
  const [place, setPlace] = useShared("at", [16, 16]);
  const [held, setHeld] = useState(false);
  const [only, setOnly] = useShared("colour", "all");
  const y = made ? Math.min(place[0], made.height - 1) : 0;
  const x = made ? Math.min(place[1], made.width - 1) : 0;
  const [top, left] = made ? [begin(y, made.height), begin(x, made.width)] : [0, 0];
  const size = made ? { height: Math.min(WINDOW, made.height), width: Math.min(WINDOW, made.width) } : null;
  const channel = made ? made.names.indexOf(only) : -1;
  const shown = made ? (channel >= 0 ? [channel] : made.names.map((_, c) => c)) : [];
  const move = (row, column) => { if (!held) setPlace([row, column]); };
  return html`<${Piece} title="A picture is numbers" error=${found.error}
    try="Move over the picture: the numbers around that place stand beside it. A click holds the place.">
    <${PictureChoice} picture=${picture} names=${["xo", "shapes", "x"]} />
    ${made ? html`
      ${made.channels === 3 ? html`<${Choice} label="Colours" value=${channel >= 0 ? only : "all"} change=${setOnly}
        options=${[{ value: "all", text: "all three" }, ...made.names.map((name) => ({ value: name, text: name }))]} />` : null}
      <${Beside}>
        <div><${Picture} bytes=${made.bytes} label="The picture" only=${channel >= 0 ? channel : null} at=${{ y, x }} mark=${{ y: top, x: left, ...size }}
            point=${move} pick=${(row, column) => { setHeld(!held); setPlace([row, column]); }} />
          <p class="note">${made.height} × ${made.width} pixels in ${made.channels === 3 ? "three colours" : "one colour, grey"}:
            ${" "}<strong class="tabular">${count(made.numbers)}</strong> numbers. ${held ? "The place is held: click again to move on." : ""}</p></div>
        <div class="pixel-numbers">
          <p role="status">Row ${y}, column ${x}: ${made.names.map((name, c) => `${name} ${made.bytes[c][y][x]}`).join(", ")}.
            ${" "}<span class="note">In the network: ${made.names.map((_, c) => made.scaled[made.bytes[c][y][x]].toFixed(3)).join(", ")}.</span></p>
          <div class="pixel-windows">${shown.map((c) => html`<${Grid} key=${c} small=${true} title=${made.names[c]} label=${`${made.names[c]} bytes around row ${y}, column ${x}`} tint="grey"
            values=${made.bytes[c].slice(top, top + size.height).map((row) => row.slice(left, left + size.width))} at=${{ y: y - top, x: x - left }} />`)}</div>
        </div>
      </${Beside}>` : html`<p class="note" role="status">Loading …</p>`}
  </${Piece}>`;
}

function Change({ picture, before, start }) {
  const [kind, setKind] = useShared("change", start.kind);
  const own = CHANGES[kind] || CHANGES.shift;
  const [amount, setAmount] = useShared("amount", start.amount);
  const found = useCompute("pixels", "change", { picture: picture.given, kind: kind in CHANGES ? kind : "shift", amount });
  const choose = (next) => { setKind(next); setAmount(CHANGES[next].start); };
  const made = found.value;
  return html`<${Piece} title="The same to you, different to the computer" error=${found.error}
    try="Shift the picture by one pixel. You see the same thing; count how many of its numbers are different.">
    <${Fields}>
      <${Choice} label="Change" value=${kind} change=${choose} options=${Object.entries(CHANGES).map(([value, one]) => ({ value, text: one.text }))} />
      <${Slider} label="By" value=${amount} min=${own.min} max=${own.max} step=${own.step} unit=${Math.abs(amount) === 1 ? own.unit.replace(/s$/, "") : own.unit} change=${setAmount} />
    </${Fields}>
    <${Beside}>
      ${before ? html`<figure><${Picture} bytes=${before.bytes} label="Before the change" small=${true} /><figcaption>before</figcaption></figure>` : null}
      ${made ? html`<figure><${Picture} bytes=${made.bytes} label="After the change" small=${true} /><figcaption>after</figcaption></figure>` : null}
      <${Figure} name="Numbers that are different now" value=${made && percent(made.share, 0)}
        note=${made && before ? `${count(made.changed)} of ${count(before.numbers)}` : ""} />
    </${Beside}>
  </${Piece}>`;
}
