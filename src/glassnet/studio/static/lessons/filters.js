// Filters of one's own: nine weights, a picture of one's own, and the map they make of it.
import { html } from "../parts/html.js";
import { Map } from "../parts/map.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Grid, NumberField, Tick } from "./parts/inputs.js";
import { Picture, PictureChoice, usePicture } from "./parts/picture.js";
import { Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { Terms } from "./parts/terms.js";
import { Waits, same, shown } from "./written.js";

const NAMES = ["upright edges", "level edges", "diagonal", "isolated diagonal", "outline", "sharpen", "soften"];
const DIVIDED = { soften: 16 };

export default function Body({ lesson, run }) {
  const start = lesson.computes.apply;
  const picture = usePicture(run, run ? "run" : start.picture);
  const first = useCompute("filters", "apply", { ...start, picture: "x" });  // the weights of the filters that have a name
  const known = first.value && first.value.known;
  const [filter, setFilter] = useShared("filter", null);
  const [divide, setDivide] = useShared("divide", start.divide);
  const weights = filter || (known && known[start.filter]);
  const take = (name) => { setFilter(known[name]); setDivide(DIVIDED[name] || 1); };
  return html`<${Own} picture=${picture} padding=${start.padding} known=${known} weights=${weights} setFilter=${setFilter} divide=${divide} setDivide=${setDivide} take=${take} error=${first.error} />
    <${All} picture=${picture} padding=${start.padding} take=${take} />`;
}

function Own({ picture, padding, known, weights, setFilter, divide, setDivide, take, error }) {
  const [relu, setRelu] = useShared("relu", false);
  const [place, setPlace] = useShared("place", [-1, -1]);
  const named = known && NAMES.find((name) => same(known[name], weights));
  const asked = weights && { picture: picture.given, filter: weights, divide, padding, activation: relu ? "relu" : "none" };
  const whole = useCompute("filters", "apply", asked);
  const seen = useCompute("pixels", "look", { picture: picture.given });
  const size = whole.value && same(whole.of, asked) && whole.value.map;
  const inside = size && place[0] >= 0 && place[0] < size.length && place[1] >= 0 && place[1] < size[0].length;
  const one = useCompute("filters", "apply", asked && inside ? { ...asked, row: place[0], column: place[1] } : asked);
  const made = one.value;
  return html`<${Piece} title="Nine weights of your own" error=${error || one.error}
    try="Choose “level edges”, and see which lines of the picture light up. Then set weights yourself: positive ones ask for bright pixels, negative ones for dark ones.">
    <${PictureChoice} picture=${picture} names=${["shapes", "xo", "x"]} />
    ${known ? html`<${Choice} label="Filter" value=${named || ""} options=${NAMES} many=${false} change=${take} />` : null}
    ${made && seen.value && weights ? html`<div class="filter-design">
      <figure><figcaption>picture</figcaption><${Picture} bytes=${seen.value.bytes} label="The picture" mark=${around(made)} /></figure>
      <div><${Grid} label="Weights of the filter" title="filter: type other weights" values=${weights} tint="signed" change=${setFilter} />
        <div class="lesson-narrow"><${NumberField} label="Divided by" value=${divide} change=${(next) => next >= 0.01 && setDivide(next)} /></div>
        <${Tick} label="ReLU afterwards" value=${relu} change=${setRelu} />
        <p role="status">The weights add up to <strong>${shown(made.sum)}</strong>: ${flat(made.sum)}</p></div>
      <figure><figcaption>map, from ${shown(made.least)} to ${shown(made.greatest)}: click a place</figcaption>
        <${Map} values=${made.map.flat()} shape=${[made.map.length, made.map[0].length]} label="Map of the filter: blue below 0, orange above. Enter opens a place." cell=${[made.row, made.column]}
          pick=${(y, x) => setPlace([y, x])} />
        <p class="note">blue below 0, white at 0, orange above</p></figure>
    </div>
    <div class="filter-place"><h3>Row ${made.row}, column ${made.column}${inside ? "" : ": the strongest answer"}</h3>
      <${Terms} label="Products at this place" terms=${made.terms} result=${made.combined} names=${["weight", "brightness"]}
        after=${relu ? [{ name: "after ReLU", value: made.result }] : []} /></div>` : html`<${Waits} />`}
  </${Piece}>`;
}

function flat(sum) {
  if (Math.abs(sum) < 1e-9) return "where all pixels are alike the map is 0, however bright they are.";
  return `where all pixels are alike the map is ${shown(sum)} times their brightness.`;
}

// The window that a value was read from, as far as it lies in the picture.
function around({ terms }) {
  const read = terms.filter((term) => !term.padding);
  const [ys, xs] = [read.map((term) => term.y), read.map((term) => term.x)];
  return { y: Math.min(...ys), x: Math.min(...xs), height: Math.max(...ys) - Math.min(...ys) + 1, width: Math.max(...xs) - Math.min(...xs) + 1 };
}

function All({ picture, padding, take }) {
  const [relu, setRelu] = useShared("all", true);
  return html`<${Piece} title="Each filter finds something else"
    try="A layer has many filters, and each makes a map of its own of the same picture. Click a name to take that filter apart above.">
    <${Tick} label="ReLU afterwards" value=${relu} change=${setRelu} />
    <div class="filter-maps">${NAMES.map((name) => html`<${One} key=${name} name=${name} picture=${picture} padding=${padding} relu=${relu} take=${take} />`)}</div>
  </${Piece}>`;
}

function One({ name, picture, padding, relu, take }) {
  const { value } = useCompute("filters", "apply", { picture: picture.given, filter: name, divide: DIVIDED[name] || 1, padding, activation: relu ? "relu" : "none" });
  return html`<figure>${value ? html`<${Map} values=${value.map.flat()} shape=${[value.map.length, value.map[0].length]} label=${`Map of ${name}`} />` : html`<div class="filter-waits"></div>`}
    <figcaption><button type="button" class="link" onClick=${() => { take(name); window.scrollTo({ top: 0, behavior: "auto" }); }}>${name}</button></figcaption></figure>`;
}
