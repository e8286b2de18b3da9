// The maps of the chosen layer as small pictures to pick one from; the labelled values where the layer is a short row.
import { draw, most, paint } from "./colours.js";
import { className } from "./arithmetic.js";
import { made } from "./elements.js";
import { counted, shown } from "./numbers.js";
import { seen } from "./seen.js";

const FIRST = 64, LABELLED = 32;

// A short row of values is shown as a list with names, so that no map of it is needed.
export const isLabelled = (layer) => layer.shape.length === 1 && layer.shape[0] <= LABELLED && Boolean(layer.values);

export class Maps {
  // `place` is the element that is filled, `go` is called with a channel.
  constructor(place, glass, go) {
    Object.assign(this, { place, glass, go, layer: null, redraw: () => {} });
  }

  show(layer) {
    this.layer = layer;
    if (layer.shape.length === 1) this.showRow(layer);
    else this.showMaps(layer);
  }

  // Another picture: the same maps, drawn anew.
  renew() {
    if (this.layer) this.redraw();
  }

  mark(channel) {
    for (const button of this.place.querySelectorAll("button[data-channel]")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.channel) === channel));
    }
  }

  showMaps(layer) {
    const { glass, go } = this;
    const [channels] = seen(glass, layer).shape;
    const canvases = [];
    const paintOne = (channel) => {
      const { values, shape: [, height, width] } = seen(glass, layer);
      draw(canvases[channel], values, channel * height * width, height, width, most(layer));
    };
    this.redraw = () => canvases.forEach((_, channel) => paintOne(channel));
    const one = (channel) => {
      canvases[channel] = made("canvas", { "aria-hidden": "true" });
      paintOne(channel);
      return made("button", {
        type: "button", class: "map", "data-channel": channel, "aria-label": `Channel ${channel}`, title: `Channel ${channel}`,
        onclick: () => go(channel),
      }, canvases[channel], made("span", { "aria-hidden": "true" }, String(channel)));
    };
    const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, i) => one(from + i));
    const grid = made("div", { class: "maps" }, range(0, Math.min(FIRST, channels)));
    const rest = channels - FIRST;
    const more = rest > 0 && made("button", {
      type: "button", class: "more", onclick: () => { grid.append(...range(FIRST, channels)); more.remove(); },
    }, `Show the other ${counted(rest)} maps`);
    const missing = layer.shape[0] - channels;
    const said = missing > 0
      ? made("p", { class: "note" }, `${counted(missing)} more maps are not in this page. In Python: run.explain(picture).seen["${layer.name}"].values`)
      : "";
    this.place.replaceChildren(grid, ...(more ? [more] : []), ...(said ? [said] : []));
  }

  showRow(layer) {
    const { glass, go } = this;
    this.redraw = () => {};
    this.place.replaceChildren();
    if (!isLabelled(layer)) return;
    const rows = Array.from({ length: layer.shape[0] }, (_, at) => {
      const bar = made("span", { class: "bar" });
      const figure = made("span", { class: "figure" });
      const button = made("button", { type: "button", "data-channel": at, "data-opens": `${layer.name}/${at}`, onclick: () => go(at) },
        made("span", { class: "name" }, className(glass, layer.name, at) || String(at)), made("span", { class: "track" }, bar), figure);
      return { bar, figure, button };
    });
    this.redraw = () => {
      const widest = most(layer) || 1;
      glass.values(layer.name).forEach((value, at) => {
        const { bar, figure } = rows[at];
        bar.style.width = `${(100 * Math.abs(value)) / widest}%`;
        paint(bar, value, widest);
        figure.textContent = shown(value, 4);
      });
    };
    this.redraw();
    this.place.append(made("div", { class: "labelled" }, rows.map(({ button }) => button)));
  }
}
