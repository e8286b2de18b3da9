// The words of a layer list as the page edits them: what each layer is for, which of its settings can be changed, and where it is put.

const ACTIVATIONS = ["none", "relu", "leaky_relu", "gelu", "silu", "sigmoid", "tanh"];
const SIDE = { kind: "number", min: 1, max: 64 };
const FIELDS = {
  filters: { title: "filters", kind: "number", min: 1, max: 1024 },
  kernel: { title: "kernel", ...SIDE, start: 3 },
  size: { title: "window", ...SIDE, start: 2 },
  stride: { title: "stride", ...SIDE, start: 1 },
  padding: { title: "padding", kind: "choice", options: ["valid", "same"], start: "valid" },
  activation: { title: "activation", kind: "choice", options: ACTIVATIONS, start: "none" },
  units: { title: "neurons", kind: "number", min: 1, max: 4096 },
  rate: { title: "rate", kind: "number", min: 0, max: 0.99, step: 0.05 },
  kind: { title: "takes", kind: "choice", options: ["avg", "max"], start: "avg" },
};
// `main` is the field that the word's own value fills, as 32 in {conv: 32}.
const WORDS = {
  conv: { main: "filters", fields: ["filters", "kernel", "stride", "padding", "activation"] },
  depthwise: { main: "kernel", fields: ["kernel", "stride", "padding", "activation"] },
  dense: { main: "units", fields: ["units", "activation"] },
  maxpool: { main: "size", fields: ["size"] },
  avgpool: { main: "size", fields: ["size"] },
  global_pool: { main: "kind", fields: ["kind"] },
  dropout: { main: "rate", fields: ["rate"] },
};
export const PALETTE = [
  { title: "conv", layer: { conv: 16, kernel: 3, activation: "relu" }, text: "small filters that slide over the picture", on: "map" },
  { title: "maxpool", layer: { maxpool: 2 }, text: "keeps the largest of each window", on: "map" },
  { title: "avgpool", layer: { avgpool: 2 }, text: "keeps the mean of each window", on: "map" },
  { title: "batch_norm", layer: "batch_norm", text: "brings each channel to a common scale", on: "map" },
  { title: "depthwise", layer: { depthwise: 3, padding: "same", activation: "relu" }, text: "one filter for each channel", on: "map" },
  { title: "relu", layer: "relu", text: "turns negatives into 0", on: "map" },
  { title: "flatten", layer: "flatten", text: "writes the maps as one row", on: "bridge" },
  { title: "global_pool", layer: { global_pool: "avg" }, text: "one value for each channel", on: "bridge" },
  { title: "dense", layer: { dense: 64, activation: "relu" }, text: "every value to every neuron", on: "row" },
  { title: "dropout", layer: { dropout: 0.3 }, text: "drops some values in training", on: "row" },
  { title: "vote", layer: { dense: "classes" }, text: "dense, one value for each class", on: "end" },
];

// Return the layer's word: what it is.
export function wordOf(layer) {
  if (typeof layer === "string") return layer;
  const keys = Object.keys(layer);
  return keys.find((key) => key in WORDS) || keys.find((key) => key !== "name") || keys[0];
}

// Return a layer as short as a recipe has it: without its name and without what says nothing.
export function short(layer) {
  if (typeof layer === "string") return layer;
  const word = wordOf(layer);
  const kept = {};
  for (const [key, value] of Object.entries(layer)) {
    if (key === "name") continue;
    const one = Array.isArray(value) && value.length === 2 && value[0] === value[1] ? value[0] : value;
    if (key !== word && FIELDS[key] && FIELDS[key].start === one) continue;
    kept[key] = one;
  }
  const empty = kept[word] !== null && typeof kept[word] === "object" && !Array.isArray(kept[word]) && !Object.keys(kept[word]).length;
  return empty && Object.keys(kept).length === 1 ? word : kept;
}

export const isVote = (layer) => typeof layer === "object" && layer.dense === "classes";

// Return the settings of a layer that the page can change, each with its value.
export function fieldsOf(layer) {
  const word = wordOf(layer);
  const known = WORDS[word];
  if (!known || typeof layer === "string") return [];
  return known.fields.filter((name) => !(isVote(layer) && name === "units")).map((name) => {
    const value = name === known.main ? layer[word] : layer[name];
    return { name, ...FIELDS[name], value: value === undefined || value === null ? FIELDS[name].start : value };
  });
}

// Return the layer with one setting changed.
export function changed(layer, name, value) {
  const word = wordOf(layer);
  const known = WORDS[word];
  if (name === known.main) return { ...layer, [word]: value };
  const { [name]: _, ...rest } = layer;
  return value === FIELDS[name].start ? rest : { ...rest, [name]: value };
}

// Return the place where a beginner would want a layer of the palette: maps before the bridge to a row, rows behind it, the vote last.
export function placeFor(entry, layers) {
  const bridge = layers.findIndex((layer) => ["flatten", "global_pool", "dense"].includes(wordOf(layer)));
  if (entry.on === "map" || entry.on === "bridge") return bridge < 0 ? layers.length : bridge;
  const last = layers.length - 1;
  return entry.on === "row" && last >= 0 && isVote(layers[last]) ? last : layers.length;
}

export function moved(layers, from, to) {
  const rest = layers.filter((_, i) => i !== from);
  return [...rest.slice(0, to), layers[from], ...rest.slice(to)];
}
