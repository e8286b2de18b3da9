// What part of the picture a value sees: its receptive field as [left, top, right, bottom] in edges of pixels of the network's input.
import { elementwise } from "./changing.js";
import { unflattened } from "./combining.js";

export function field(glass, name, place) {
  const layer = glass.layer(name);
  if (name === glass.picture) return [place[2], place[1], place[2] + 1, place[1] + 1];
  if (layer.shape.length === 3) return windowOf(layer, place[1], place[2]);
  // A value of a row that only moved, or was changed by itself, still sees its own part.
  if (layer.kind === "flatten") return field(glass, layer.sources[0], unflattened(glass, layer, place));
  if (elementwise(layer)) return field(glass, layer.sources[0], place);
  if (layer.kind === "residual") return around(...layer.sources.map((source) => field(glass, source, place)));
  return windowOf(layer, 0, 0);
}

function windowOf(layer, y, x) {
  const [top, bottom] = layer.rows[Math.min(y, layer.rows.length - 1)]; // inside a pretrained network one window stands for all
  const [left, right] = layer.columns[Math.min(x, layer.columns.length - 1)];
  return [left, top, right + 1, bottom + 1];
}

function around(a, b) {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

// The same box in the pixels of the picture as it came, cut at its border; null where only padding is seen, or nothing is known of it.
export function original(glass, [left, top, right, bottom]) {
  const frame = glass.frame;
  if (!frame) return null;
  const across = (x) => Math.min(Math.max((x - frame.shift_x) / frame.scale_x, 0), frame.width);
  const downward = (y) => Math.min(Math.max((y - frame.shift_y) / frame.scale_y, 0), frame.height);
  const box = [across(left), downward(top), across(right), downward(bottom)];
  return box[2] > box[0] && box[3] > box[1] ? box : null;
}
