// What a layer's maps look like, from its values or, where the page does not hold them, from small pictures of them.
import { draw, most } from "./colours.js";

// {values, shape (channels, rows, columns), step: places of the map per place shown, exact}. A row of values stands as a square of them.
export function seen(glass, layer) {
  const values = glass.values(layer.name);
  const flat = layer.shape.length === 1;
  const found = values
    ? { values, shape: flat ? [layer.shape[0], 1, 1] : layer.shape, step: 1, exact: true }
    : { values: glass.preview(layer), shape: layer.preview.shape, step: layer.preview.step, exact: false };
  if (!flat) return found;
  const columns = Math.ceil(Math.sqrt(found.shape[0]));
  const rows = Math.ceil(found.shape[0] / columns);
  const padded = new Float32Array(rows * columns);
  padded.set(found.values);
  return { ...found, values: padded, shape: [1, rows, columns], count: found.shape[0] };
}

export function drawMap(canvas, glass, layer, channel) {
  const found = seen(glass, layer);
  const [, height, width] = found.shape;
  draw(canvas, found.values, channel * height * width, height, width, most(layer));
}

// The value at a place for reading, and whether it is the network's own or one of 255 steps.
export function valueAt(glass, layer, place) {
  const value = glass.at(layer.name, place);
  if (value !== null) return { value, exact: true };
  const { shape, step } = layer.preview;
  const at = layer.shape.length === 1 ? place[0]
    : (place[0] * shape[1] + Math.floor(place[1] / step)) * shape[2] + Math.floor(place[2] / step);
  return { value: glass.preview(layer)[at], exact: false };
}
