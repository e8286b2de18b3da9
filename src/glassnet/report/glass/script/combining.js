// How each kind of layer brings several values together: the same terms, in the same order, as glassnet.explain makes them.
import { index, taps } from "./values.js";

// The layer whose values `name` only moves or passes on, and the flattens on the way, last first.
function origin(glass, name) {
  const flattens = [];
  let layer = glass.layer(name);
  while (layer.kind === "flatten" || layer.kind === "dropout") {
    if (layer.kind === "flatten") flattens.push(layer);
    layer = glass.layer(layer.sources[0]);
  }
  return [layer.name, flattens];
}

// The place before a flatten of the value at `place` after it.
export function unflattened(glass, layer, place) {
  const shape = glass.layer(layer.sources[0]).shape;
  if (shape.length === 1) return place;
  const area = shape[1] * shape[2];
  const rest = place[0] % area;
  return [Math.floor(place[0] / area), Math.floor(rest / shape[2]), rest % shape[2]];
}

// Returns a function from a place, a value and a weight to the term of their product.
function reader(glass, name) {
  const values = glass.values(name);
  const { shape } = glass.layer(name);
  const [from, flattens] = origin(glass, name);
  return (place, weight, at = []) => {
    const value = values[index(shape, place)];
    const opens = flattens.reduce((found, flatten) => unflattened(glass, flatten, found), place);
    const [channel, y, x] = place;
    return { layer: name, channel, y, x, value, weight, product: value * weight + 0, at, padding: false, opens: [from, ...opens] };
  };
}

const beyond = ([channel, y, x], weight, at) =>
  ({ layer: "padding", channel, y, x, value: 0, weight, product: 0, at, padding: true, opens: null });

export const added = (terms) => terms.reduce((sum, term) => sum + term.product, 0);

function summed(how, terms, bias = null, note = "") {
  const total = added(terms);
  return { how, terms, total, bias, value: total + (bias ?? 0), note };
}

function convolution(glass, layer, [channel, y, x]) {
  const { stride, padding, dilation, groups } = layer.settings;
  const [filters, depth, height, width] = layer.numbers.weight.shape;
  const weights = glass.numbers(layer, "weight");
  const [, rows, columns] = glass.layer(layer.sources[0]).shape;
  const read = reader(glass, layer.sources[0]);
  const first = Math.floor(channel / (filters / groups)) * depth; // the first input channel of this filter's group
  const terms = [];
  for (let c = 0; c < depth; c++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const row = y * stride[0] - padding[0] + i * dilation[0];
        const column = x * stride[1] - padding[1] + j * dilation[1];
        const weight = weights[((channel * depth + c) * height + i) * width + j];
        const inside = row >= 0 && row < rows && column >= 0 && column < columns;
        terms.push((inside ? read : beyond)([first + c, row, column], weight, [c, i, j]));
      }
    }
  }
  return summed("sum", terms, glass.numbers(layer, "bias")?.[channel]);
}

function dense(glass, layer, [channel]) {
  const inputs = layer.numbers.weight.shape[1];
  const weights = glass.numbers(layer, "weight");
  const read = reader(glass, layer.sources[0]);
  const terms = Array.from({ length: inputs }, (_, i) => read([i, null, null], weights[channel * inputs + i], [i]));
  return summed("sum", terms, glass.numbers(layer, "bias")?.[channel]);
}

function pool(glass, layer, [channel, y, x], source) {
  const { size, stride, padding } = layer.settings;
  const [, height, width] = glass.layer(source).shape;
  const rows = taps(y * stride[0] - padding[0], size[0], 1, height);
  const columns = taps(x * stride[1] - padding[1], size[1], 1, width);
  const missing = size[0] * size[1] - rows.length * columns.length;
  const note = missing ? `${missing} of the window's places ${missing === 1 ? "lies" : "lie"} beyond the map and do not count.` : "";
  const places = rows.flatMap((row) => columns.map((column) => [channel, row, column]));
  return pooled(glass, source, places, layer.kind === "maxpool", note);
}

function globalPool(glass, layer, [channel]) {
  const [, height, width] = glass.layer(layer.sources[0]).shape;
  const places = Array.from({ length: height * width }, (_, i) => [channel, Math.floor(i / width), i % width]);
  return pooled(glass, layer.sources[0], places, layer.settings.mode === "max", "");
}

function pooled(glass, source, places, largest, note) {
  const read = reader(glass, source);
  if (!largest) return summed("mean", places.map((place) => read(place, 1 / places.length)), null, note);
  const values = places.map((place) => glass.at(source, place));
  const value = values.reduce((most, each) => Math.max(most, each), -Infinity);
  const winner = values.indexOf(value);
  const terms = places.map((place, at) => read(place, Number(at === winner)));
  return { how: "largest", terms, total: value, bias: null, value, note };
}

function joined(glass, layer, place) {
  const [inner, shortcut] = layer.sources;
  return summed("sum", [reader(glass, inner)(place, 1), reader(glass, shortcut)(place, 1)]);
}

// Inside a decoder: the finer map plus the coarser one, whose values are repeated.
function levels(glass, layer, place) {
  const [finer, coarser] = layer.sources;
  return summed("sum", [reader(glass, finer)(place, 1), reader(glass, coarser)(repeated(glass, coarser, layer, place), 1)]);
}

function repeated(glass, source, layer, [channel, y, x]) {
  const [, height, width] = glass.layer(source).shape;
  return [channel, nearest(y, height, layer.shape[1]), nearest(x, width, layer.shape[2])];
}

function nearest(at, size, wanted) { // in float32, as torch reckons it
  if (size === wanted) return at;
  return Math.min(Math.floor(Math.fround(at * Math.fround(size / wanted))), size - 1);
}

// The one or two of `size` values that place `at` of `wanted` lies between, centre to centre, with their shares.
function between(at, size, wanted) {
  const exact = Math.min(Math.max(((at + 0.5) * size) / wanted - 0.5, 0), size - 1);
  const low = Math.floor(exact);
  const part = exact - low;
  return part ? [[low, 1 - part], [low + 1, part]] : [[low, 1]];
}

function resized(glass, layer, place) {
  const [source] = layer.sources;
  const [, height, width] = glass.layer(source).shape;
  const [, rows, columns] = layer.shape;
  const read = reader(glass, source);
  if (height === rows && width === columns) {
    return summed("sum", [read(place, 1)], null, "The map has the wanted size already; the value is passed on.");
  }
  if (layer.settings.mode === "nearest") {
    return summed("sum", [read(repeated(glass, source, layer, place), 1)], null, "The value is repeated.");
  }
  const [channel, y, x] = place;
  const across = between(x, width, columns);
  return summed("sum", between(y, height, rows).flatMap(([row, share]) =>
    across.map(([column, part]) => read([channel, row, column], share * part))));
}

function pixel(glass, layer, place) {
  const value = glass.at(layer.name, place);
  const [channel, y, x] = place;
  const byte = Math.round(value * 255);
  const term = { layer: "pixel", channel, y, x, value, weight: 1, product: value, at: [], padding: false, opens: null };
  if (byte < 0 || byte > 255 || Math.abs(byte / 255 - value) > 1e-7) {
    const note = "This is no byte over 255: the number was given as it is.";
    return { how: "value", terms: [term], total: value, bias: null, value, note };
  }
  const product = byte / 255;
  const terms = [{ ...term, value: byte, weight: 1 / 255, product }];
  return { how: "pixel", terms, total: product, bias: null, value: product, note: "Bytes 0 to 255 become 0 to 1." };
}

function vote(glass, layer, [channel]) {
  const [source] = layer.sources;
  const logits = [...glass.values(source)];
  const most = Math.max(...logits);
  const read = reader(glass, source);
  const { temperature } = glass;
  const terms = logits.map((value, at) => (
    { ...read([at, null, null], 1 / temperature), product: Math.exp(value / temperature - most / temperature) }));
  const total = added(terms);
  const note = `The exponentials are of (value − ${six(most)}) ÷ temperature ${Number(temperature.toPrecision(4))}.`;
  return { how: "share", terms, total, bias: null, value: terms[channel].product / total, note };
}

const six = (value) => String(Number(value.toPrecision(6)));

const KINDS = {
  conv: convolution, depthwise: convolution, dense, global_pool: globalPool, residual: joined, sum: levels,
  upsample: resized, decoder: resized, input: pixel, softmax: vote,
};

// How `layer` made its value at `place`; a pooling that is run before its activation reads what the activation reads.
export function combine(glass, layer, place) {
  if (layer.kind === "maxpool" || layer.kind === "avgpool") {
    const source = layer.late ? glass.layer(layer.late).sources[0] : layer.sources[0];
    return pool(glass, layer, place, source);
  }
  return KINDS[layer.kind](glass, layer, place);
}
