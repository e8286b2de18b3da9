// The picture beside one large map. What the pointer or the arrow keys are on lights up its receptive field in the picture.
import { className } from "./arithmetic.js";
import { drawPicture } from "./colours.js";
import { field, original } from "./field.js";
import { counted, shown, sized, where } from "./numbers.js";
import { drawMap, seen, valueAt } from "./seen.js";

export class Stage {
  // `parts` are the elements: seen with input (a canvas) and field in it; map with large (a canvas), chosen and pointed in it; name, reading.
  constructor(parts, glass, open, move) {
    Object.assign(this, { parts, glass, open, move, map: parts.map, layer: null, channel: 0, chosen: null, at: null });
    const [, height, width] = glass.layer(glass.picture).shape;
    parts.seen.style.aspectRatio = `${width} / ${height}`;
    this.drawInput();
    this.map.addEventListener("pointermove", (event) => this.point(this.under(event)));
    this.map.addEventListener("pointerleave", () => this.point(this.chosen));
    this.map.addEventListener("click", (event) => { const at = this.under(event); if (at) this.open(at); });
    this.map.addEventListener("keydown", (event) => this.key(event));
  }

  drawInput() {
    const { glass } = this;
    const values = glass.values(glass.picture);
    if (values) drawPicture(this.parts.input, values, glass.layer(glass.picture).shape);
  }

  drawLarge() {
    const { glass, layer, channel } = this;
    drawMap(this.parts.large, glass, layer, layer.shape.length === 1 ? 0 : Math.min(channel, seen(glass, layer).shape[0] - 1));
  }

  // Another picture: the same map of it, and what the pointer is on is told anew.
  renew() {
    this.drawInput();
    if (!this.layer) return;
    this.drawLarge();
    this.point(this.at);
  }

  show(layer, channel, chosen) {
    const other = this.layer !== layer || this.channel !== channel;
    Object.assign(this, { layer, channel, chosen });
    if (other) this.drawLarge();
    const [, height, width] = this.size();
    this.map.style.aspectRatio = `${width} / ${height}`;
    const what = layer.shape.length === 3 ? `channel ${channel} of ${layer.name}` : `the values of ${layer.name}`;
    this.map.setAttribute("aria-label", `Map: ${what}, ${sized(layer.shape)}. Arrow keys move, Enter opens the arithmetic.`);
    this.parts.name.textContent = layer.shape.length === 3 ? `${layer.name}, channel ${channel}` : layer.name;
    this.box(this.parts.chosen, chosen);
    this.point(chosen);
  }

  // Channels, rows and columns of what is drawn large, in places of the layer.
  size() {
    if (this.layer.shape.length === 3) return this.layer.shape;
    return seen(this.glass, this.layer).shape;
  }

  // The place under the pointer: [channel, y, x], or [value, null, null] in a row; null beside the map.
  under(event) {
    const [, height, width] = this.size();
    const box = this.map.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    return x < 0 || y < 0 || x >= width || y >= height ? null : this.place(y, x);
  }

  place(y, x) {
    if (this.layer.shape.length === 3) return [this.channel, y, x];
    const at = y * this.size()[2] + x;
    return at < this.layer.shape[0] ? [at, null, null] : null;
  }

  cell(place) {
    if (this.layer.shape.length === 3) return [place[1], place[2]];
    const columns = this.size()[2];
    return [Math.floor(place[0] / columns), place[0] % columns];
  }

  point(place) {
    this.at = place;
    this.box(this.parts.pointed, place);
    if (!place) {
      this.light(null);
      this.parts.reading.textContent = "Point at the map, or move with the arrow keys: the part of the picture that a value sees lights up. "
        + "Click, or press Enter, to open its arithmetic.";
      return;
    }
    this.tell(this.layer, place);
  }

  // Lights the field of any value, also of one in another layer, and says what it is.
  tell(layer, place) {
    const box = field(this.glass, layer.name, place);
    this.light(box);
    const { value, exact } = valueAt(this.glass, layer, place);
    const name = className(this.glass, layer.name, place[0]);
    this.parts.reading.textContent = `${layer.name}, ${where(place)}${name ? ` (${name})` : ""}: ${exact ? "" : "about "}${shown(value, exact ? 6 : 2)}. `
      + sentence(this.glass, box);
  }

  light(box) {
    const lamp = this.parts.field;
    lamp.hidden = !box;
    if (!box) return;
    const [, height, width] = this.glass.layer(this.glass.picture).shape;
    place(lamp, box[0] / width, box[1] / height, (box[2] - box[0]) / width, (box[3] - box[1]) / height);
  }

  box(element, at) {
    element.hidden = !at;
    if (!at) return;
    const [, height, width] = this.size();
    const [y, x] = this.cell(at);
    place(element, x / width, y / height, 1 / width, 1 / height);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [, height, width] = this.size();
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (this.at) this.open(this.at);
      return;
    }
    const [y, x] = this.at ? this.cell(this.at) : [0, 0];
    const next = {
      ArrowUp: [y - 1, x], ArrowDown: [y + 1, x], ArrowLeft: [y, x - 1], ArrowRight: [y, x + 1], Home: [y, 0], End: [y, width - 1],
      PageUp: [0, x], PageDown: [height - 1, x],
    }[event.key];
    if (!next) return;
    event.preventDefault();
    const [row, column] = [Math.min(Math.max(next[0], 0), height - 1), Math.min(Math.max(next[1], 0), width - 1)];
    const found = this.at ? this.place(row, column) : this.place(0, 0);
    if (!found) return;
    if (this.chosen) this.move(found); // an open sum follows the keys
    else this.point(found);
  }
}

function place(element, left, top, width, height) {
  for (const [name, value] of Object.entries({ left, top, width, height })) element.style[name] = `${100 * value}%`;
}

function sentence(glass, box) {
  const [left, top, right, bottom] = box;
  const [, height, width] = glass.layer(glass.picture).shape;
  if (left === 0 && top === 0 && right === width && bottom === height) return "It sees the whole picture.";
  const pixels = (right - left) * (bottom - top) === 1 ? "one pixel" : `${bottom - top}×${right - left} pixels`;
  const own = original(glass, box);
  const stretched = glass.frame && (glass.frame.scale_x !== 1 || glass.frame.scale_y !== 1);
  const came = own && stretched
    ? `; in the picture as it came ${counted(Math.round(own[0]))} to ${counted(Math.round(own[2]))} across, ${counted(Math.round(own[1]))} to ${counted(Math.round(own[3]))} down` : "";
  return `It sees ${pixels} of the input, from row ${top}, column ${left}${came}.`;
}
