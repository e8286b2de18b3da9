// Pooling: windows of a map become one number each, and what that is good for.
import { html } from "../parts/html.js";
import { useCompute } from "./parts/compute.js";
import { Choice, Fields, Grid, Slider, Tick } from "./parts/inputs.js";
import { Beside, Piece } from "./parts/piece.js";
import { useShared } from "./parts/shared.js";
import { TakeOwn, useOwn } from "./own.js";
import { Waits, same, shown } from "./written.js";

const KINDS = ["max", "average"];

const pixels = (count) => `${shown(count)} ${Math.abs(count) === 1 ? "pixel" : "pixels"}`;

export default function Body({ lesson, run }) {
  const own = useOwn(lesson.name, run);
  return html`<${Windows} start=${lesson.computes.pool} own=${own} /><${Feature} /><${Moved} start=${lesson.computes.moved} />`;
}

// The places of a window, as the rectangle that is outlined.
function around(places) {
  const [ys, xs] = [0, 1].map((axis) => places.map((place) => place[axis]));
  return { y: Math.min(...ys), x: Math.min(...xs), height: Math.max(...ys) - Math.min(...ys) + 1, width: Math.max(...xs) - Math.min(...xs) + 1 };
}

function Windows({ start, own }) {
  const [map, setMap] = useShared("map", start.map);
  const [kind, setKind] = useShared("kind", start.kind);
  const [size, setSize] = useShared("size", start.size);
  const [stride, setStride] = useShared("stride", start.stride);
  const [ceil, setCeil] = useShared("edge", start.ceil);
  const [[row, column], setPlace] = useShared("place", [0, 0]);
  const asked = { map, kind, size, stride, ceil };
  const whole = useCompute("pooling", "pool", asked);
  const sized = whole.value;
  const found = useCompute("pooling", "pool", sized && same(whole.of, asked) && row < sized.height && column < sized.width ? { ...asked, row, column } : asked);
  const made = found.value;
  return html`<${Piece} title="A window becomes one number" error=${found.error}
    try="This is the map from the lesson on convolution. Click a number of the pooled map to see its window. Then choose average, or a stride of 2.">
    <${TakeOwn} found=${own} compute="pool" what="a part of its first map" start=${start} now=${asked} take=${(values) => {
      setMap(values.map);
      setKind(values.kind);
      setCeil(values.ceil);
      setSize(values.size);
      setStride(values.stride);
      setPlace([0, 0]);
    }} />
    <${Fields}>
      <${Choice} label="Pooling" value=${kind} options=${KINDS} change=${setKind} />
      <${Slider} label="Window" value=${size} min=${1} max=${3} change=${setSize} show=${(n) => `${n} × ${n}`} />
      <${Slider} label="Stride" value=${stride} min=${1} max=${3} change=${setStride} />
      <${Tick} label="Incomplete windows at the edge count" value=${ceil} change=${setCeil} />
    </${Fields}>
    <${Beside}>
      <${Grid} label="Map" title="map: any number can be changed" values=${map} change=${setMap} mark=${made ? around(made.opened.places) : null} />
      ${made ? html`<${Grid} label="Pooled map" title="pooled map: click a number" values=${made.map} at=${{ y: made.row, x: made.column }} pick=${(y, x) => setPlace([y, x])} />
      <div><h3>Row ${made.row}, column ${made.column}</h3>
        <p class="total-line tabular" role="status">${kind === "max" ? "the largest of" : "the mean of"} ${made.opened.values.map((value) => shown(value)).join(", ")} is <strong>${shown(made.opened.result, made.opened.result % 1 ? 2 : 0)}</strong></p>
        <p class="note">${map.length} × ${map[0].length} became ${made.height} × ${made.width}</p></div>` : null}
    </${Beside}>
  </${Piece}>`;
}

function Feature() {
  const maps = useCompute("pooling", "maps", {});
  const [kind, setKind] = useShared("of", "max");
  const [ceil, setCeil] = useShared("whole", true);
  const map = maps.value && maps.value.feature;
  const found = useCompute("pooling", "pool", map ? { map, kind, size: 2, stride: 2, ceil } : null);
  const cut = useCompute("relu", "match", { feature: "A" });
  const made = found.value;
  return html`<${Piece} title="From 7 × 7 to 4 × 4" error=${maps.error || found.error}
    try="The map of feature A over the X, after ReLU, in windows of 2 with stride 2. Take the tick away: the last row and column are then left out.">
    <${Fields}><${Choice} label="Pooling of 2 × 2" value=${kind} options=${KINDS} change=${setKind} />
      <${Tick} label="Incomplete windows count" value=${ceil} change=${setCeil} /></${Fields}>
    <${Beside}>
      ${cut.value ? html`<${Grid} label="Map of feature A after ReLU" title="map of feature A after ReLU, 7 × 7" small tint="signed" most=${1} digits=${2} values=${cut.value.relu_cut} />` : null}
      ${made ? html`<${Grid} label="Pooled map of feature A" title=${`pooled, ${made.height} × ${made.width}`} small tint="signed" most=${1} digits=${2} values=${made.cut} />` : null}
    </${Beside}>
  </${Piece}>`;
}

function Moved({ start }) {
  const [feature, setFeature] = useShared("feature", start.feature);
  const [down, setDown] = useShared("down", start.down);
  const [right, setRight] = useShared("right", start.right);
  const found = useCompute("pooling", "moved", { feature, down, right });
  const made = found.value;
  return html`<${Piece} title="What stays when the picture moves" error=${found.error}
    try="The X has moved by one pixel to the right. Nearly every number of the map changed; of the pooled map many stayed. Move it back and forth.">
    <${Fields}>
      <${Choice} label="Feature" value=${feature} options=${["A", "B", "C"]} change=${setFeature} />
      <${Slider} label="To the right" value=${right} min=${-2} max=${2} change=${setRight} show=${pixels} />
      <${Slider} label="Down" value=${down} min=${-2} max=${2} change=${setDown} show=${pixels} />
    </${Fields}>
    ${made ? html`<p role="status">Unchanged: <strong>${made.relu_same} of ${made.relu_all}</strong> numbers of the map, <strong>${made.pooled_same} of ${made.pooled_all}</strong> of the pooled map.</p>
    <${Beside}>
      <${Grid} label="The moved X" title="the moved X" small tint="tones" values=${made.picture} />
      <${Grid} label="Pooled map before" title="pooled map before" small tint="signed" most=${1} digits=${2} values=${made.still.pooled_cut} />
      <${Grid} label="Pooled map now" title="pooled map now" small tint="signed" most=${1} digits=${2} values=${made.moved.pooled_cut} />
    </${Beside}>` : html`<${Waits} />`}
  </${Piece}>`;
}
