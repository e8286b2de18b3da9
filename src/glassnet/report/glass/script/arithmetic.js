// Any value opened into the arithmetic that made it, in the order in which the network computed it. The answer has the same parts as
// Arithmetic.as_dict() in Python.
import { change, elementwise } from "./changing.js";
import { combine, unflattened } from "./combining.js";

export function arithmetic(glass, name, channel, y = null, x = null) {
  const layer = glass.layer(name);
  const place = [channel, y, x];
  check(layer, place);
  const [chain, node, at] = down(glass, layer, place);
  const combined = combine(glass, node, at);
  let result = combined.value;
  const changes = [];
  for (const each of [...(node.late ? [node.late] : []), ...chain.reverse()]) {
    const changed = glass.layer(each);
    const made = change(glass, changed, result, changed.shape.length === 1 ? channel : at[0]);
    changes.push(made);
    result = made.after;
  }
  const own = glass.at(name, place);
  const note = [combined.note, order(layer, node)].filter(Boolean).join(" ");
  return {
    layer: name, kind: layer.kind, channel, y, x, shape: layer.shape,
    opened: node.name, opened_kind: node.kind, opened_at: at,
    how: combined.how, terms: combined.terms, others: 0, others_together: 0,
    total: combined.total, bias: combined.bias, combined: combined.value,
    changes, result, own, after: after(glass, layer, channel, own ?? result), note, class_name: className(glass, name, channel),
  };
}

export function check(layer, place) {
  const given = layer.shape.length === 1 ? place.slice(0, 1) : place;
  const extra = layer.shape.length === 1 && (place[1] !== null || place[2] !== null);
  if (extra || !given.every((at, axis) => Number.isInteger(at) && at >= 0 && at < layer.shape[axis])) {
    throw new RangeError(`${layer.name} has no value at ${place.join(", ")}.`);
  }
}

// The elementwise layers from `layer` down, the layer that brought values together below them, and the place there.
function down(glass, layer, place) {
  const chain = [];
  while (layer.kind === "flatten" || elementwise(layer)) {
    if (layer.kind === "flatten") place = unflattened(glass, layer, place);
    else chain.push(layer.name);
    layer = glass.layer(layer.sources[0]);
  }
  return [chain, layer, place];
}

// What the elementwise layers that follow make of the value, one after the other.
function after(glass, layer, channel, value) {
  const found = [];
  for (let name = layer.next; name; name = glass.layer(name).next) {
    const made = change(glass, glass.layer(name), value, channel);
    found.push(made);
    value = made.after;
  }
  return found;
}

function order(layer, opened) {
  if (opened.late) {
    return `${opened.name} is run before ${opened.late}, which gives the same value with less work; the list has them the other way round.`;
  }
  if (!layer.pool_first) return "";
  return `The network runs ${layer.pool_first} before ${layer.name}, which gives the same values with less work; `
    + "here it is shown as the list is written.";
}

export function className(glass, name, channel) {
  if (!glass.vote) return "";
  return name === glass.vote || glass.layer(glass.vote).sources.includes(name) ? glass.classes[channel] : "";
}
