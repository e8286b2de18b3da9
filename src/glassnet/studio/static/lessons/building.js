// Build your own network: layers are dragged into a list, each says what comes out of it, and what does not fit says why. Then it is trained.
import { html, useCallback, useMemo, useRef, useState } from "../parts/html.js";
import { count } from "../parts/words.js";
import { useCompute } from "./parts/compute.js";
import { Choice, NumberField } from "./parts/inputs.js";
import { Beside, Figure, Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { useDrag } from "./building-drag.js";
import { Layers } from "./building-list.js";
import { Blocks } from "./building-picture.js";
import { Training, Trial } from "./building-train.js";
import { layersOr, numbers } from "./sound.js";
import { PALETTE, isVote, moved, placeFor, short, wordOf } from "./building-words.js";

const MADE_FOR = { tutorial: [32, 32, 3, 10], flowers: [180, 180, 3, 5], mini: [32, 32, 3, 10] };  // the pictures and classes of their tutorials
const SAID = { tutorial: "of the classic tutorial, for small photographs of ten kinds", flowers: "of the flower tutorial, for larger photographs of five kinds", mini: "small, for trying things out" };

export default function Building({ lesson }) {
  const [preset, setPreset] = useShared("preset", lesson.computes.preset.name);
  const [asked, setOwn] = useShared("layers", null);
  const own = useMemo(() => layersOr(asked, null), [asked]);  // null: the preset as it is
  const [shape, setShape] = useShared("shape", MADE_FOR.tutorial);
  const [height, width, channels, classes] = numbers(shape, MADE_FOR.tutorial, 4);
  const size = { height, width, channels, classes };
  const start = useCompute("building", "preset", own === null ? { name: preset, ...size } : null);
  const layers = useMemo(() => own || (start.value ? start.value.layers.map(short) : []), [own, start.value]);
  const checked = useCompute("building", "check", layers.length ? { layers, ...size } : null);
  const table = layers.length ? checked.value : null;
  const [told, setTold] = useState("");
  const focus = useRef(null);
  const box = useRef(null);

  const place = (entry, at) => {
    setOwn([...layers.slice(0, at), entry.layer, ...layers.slice(at)]);
    setTold(`${entry.title} is now layer ${at + 1}.`);
  };
  const move = (from, to) => {
    if (to < 0 || to >= layers.length || to === from) return;
    focus.current = to;
    setOwn(moved(layers, from, to));
    setTold(`${wordOf(layers[from])} is now layer ${to + 1}.`);
  };
  const remove = (at) => {
    focus.current = at;
    setOwn(layers.filter((_, i) => i !== at));
    setTold(`${isVote(layers[at]) ? "The vote" : wordOf(layers[at])} was taken out.`);
  };
  const rows = useCallback(() => [...box.current.querySelectorAll(":scope > li")], []);
  const drag = useDrag(rows, (what, over) => (what.entry ? place(what.entry, Math.min(over, layers.length)) : move(what.from, over > what.from ? over - 1 : over)));
  const take = (name) => {
    setPreset(name);
    setOwn(null);
    setShape(MADE_FOR[name]);
    setTold(`These are the layers of ${name}.`);
  };
  const set = (at) => (value) => setShape([height, width, channels, classes].map((old, i) => (i === at ? value : old)));
  const fits = Boolean(table && table.fits);

  return html`
    <${Piece} title="The list of layers" error=${checked.error || start.error}
      try="Take out layer 6, flatten: the layer after it says at once why it does not fit. Put it back, or begin with the flower network.">
      <${Choice} label="Begin with" value=${own === null ? preset : ""} options=${Object.keys(MADE_FOR)} change=${take}
        note=${own === null ? `A network ${SAID[preset] || ""}.` : "The list is your own now."} />
      <div class="fields controls">
        <${NumberField} label="picture height" unit="pixels" value=${height} min=${1} max=${1024} step=${1} change=${set(0)} />
        <${NumberField} label="picture width" unit="pixels" value=${width} min=${1} max=${1024} step=${1} change=${set(1)} />
        <${Choice} label="colours" value=${channels} options=${[{ value: 1, text: "grey" }, { value: 3, text: "red, green, blue" }]} change=${set(2)} />
        <${NumberField} label="classes" value=${classes} min=${2} max=${1000} step=${1} change=${set(3)} />
      </div>
      <div class="build-bench">
        <div class="build-palette" role="group" aria-label="Layers to choose from">
          <p class="label">Drag into the list, or press</p>
          ${PALETTE.map((entry) => html`<button type="button" key=${entry.title} class=${`button build-chip ${drag.held && drag.held.entry === entry ? "held" : ""}`}
            onPointerDown=${(event) => drag.start(event, { entry })} onClick=${() => place(entry, placeFor(entry, layers))}>
            <strong>${entry.title}</strong> <span class="note">${entry.text}</span></button>`)}
        </div>
        <div class="build-list">
          <${Blocks} shape=${[height, width, channels]} rows=${table ? table.rows : []} />
          <${Layers} layers=${layers} table=${table} drag=${drag} box=${box} focus=${focus} move=${move} remove=${remove}
            change=${(at, next) => setOwn(layers.map((layer, i) => (i === at ? next : layer)))} />
          <p class="hidden" role="status">${told}</p>
          <${Totals} table=${table} />
        </div>
      </div>
    </${Piece}>
    <${Trial} layers=${layers} fits=${fits} />
    <${Training} layers=${layers} fits=${fits} size=${[height, width]} />`;
}

function Totals({ table }) {
  const rows = table ? table.rows : [];
  const maps = rows.filter((row) => row.shape.length === 3);
  const sees = maps.length ? maps[maps.length - 1].receptive_field.join("×") : "–";
  return html`<${Beside}>
      <${Figure} name="parameters" value=${table ? count(table.parameters) : null} note=${table && !table.fits ? "of the layers that fit" : "numbers that training finds"} />
      <${Figure} name="multiplications" value=${table ? (table.fits ? count(table.multiply_adds) : "–") : null} note="for one picture" />
      <${Figure} name="the last map sees" value=${sees} note="pixels of the picture, each of its values" />
    </${Beside}>`;
}
