// The list of layers, each with a strip of its first maps.
import { draw, drawPicture, most } from "./colours.js";
import { made } from "./elements.js";
import { shown, sized } from "./numbers.js";
import { seen } from "./seen.js";

const SIDE = 40, COUNT = 6; // of a strip's maps: pixels at most, and how many

export class Layers {
  // `place` is the element that scrolls, `go` is called with the name of a layer, `locked` tells whether closed layers are marked.
  constructor(place, glass, go, locked = true) {
    Object.assign(this, { place, glass, items: new Map(), inView: new Set() });
    const watch = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const { layer } = target.dataset;
        if (!isIntersecting) this.inView.delete(layer);
        else {
          this.inView.add(layer);
          this.draw(layer);
        }
      }
    }, { root: place, rootMargin: "300px" });
    const items = glass.layers.map((layer) => {
      const canvas = made("canvas", { class: "strip", width: COUNT * SIDE, height: SIDE, "data-layer": layer.name, "aria-hidden": "true" });
      const facts = made("span", { class: "facts" }, factsOf(layer));
      watch.observe(canvas);
      const kind = layer.name.startsWith(layer.kind) ? "" : layer.kind;
      const inner = layer.number.includes(".") ? "layer inner" : "layer";
      const button = made("button", { class: inner, type: "button", "data-layer": layer.name, onclick: () => go(layer.name) },
        canvas, made("span", { class: "name" }, layer.name, kind ? made("small", {}, ` ${kind}`) : ""),
        layer.closed && locked ? made("small", { class: "lock" }, "only seen") : "", facts);
      this.items.set(layer.name, { canvas, facts, button, late: false });
      return made("li", {}, button);
    });
    place.replaceChildren(made("ol", {}, items));
  }

  // Another picture: what is in view is drawn now, the rest when it comes into view.
  renew() {
    for (const layer of this.glass.layers) {
      const item = this.items.get(layer.name);
      item.late = true;
      const said = factsOf(layer);
      if (item.facts.textContent !== said) item.facts.textContent = said;
    }
    for (const name of this.inView) this.draw(name);
  }

  draw(name) {
    const item = this.items.get(name);
    if (item.drawn && !item.late) return;
    Object.assign(item, { drawn: true, late: false });
    strip(item.canvas, this.glass, this.glass.layer(name));
  }

  mark(name) {
    for (const [layer, { button }] of this.items) {
      const chosen = layer === name;
      button.setAttribute("aria-pressed", String(chosen));
      if (!chosen) continue;
      const [top, bottom] = [button.offsetTop, button.offsetTop + button.offsetHeight];
      const { place } = this;
      if (top < place.scrollTop || bottom > place.scrollTop + place.clientHeight) place.scrollTop = top - place.clientHeight / 3;
    }
  }
}

function factsOf(layer) {
  const zeros = Math.round(100 * layer.zeros);
  return `${sized(layer.shape)}, ${shown(layer.range[0], 3)} to ${shown(layer.range[1], 3)}${zeros ? `, ${zeros} % zero` : ""}`;
}

function strip(canvas, glass, layer) {
  const found = seen(glass, layer);
  const [channels, height, width] = found.shape;
  const flat = layer.shape.length === 1;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  const small = document.createElement("canvas");
  if (flat) { // a row of values as a row of bars of colour
    const count = Math.min(found.count, COUNT * SIDE);
    draw(small, found.values, 0, 1, count, most(layer));
    context.drawImage(small, 0, SIDE / 4, COUNT * SIDE, SIDE / 2);
    return;
  }
  const scale = (SIDE - 2) / Math.max(height, width);
  if (layer.name === glass.picture && found.exact) { // one picture, as people see it
    drawPicture(small, found.values, found.shape);
    context.drawImage(small, 0, 0, width * scale, height * scale);
    return;
  }
  for (let c = 0; c < Math.min(channels, COUNT); c++) {
    draw(small, found.values, c * height * width, height, width, most(layer));
    context.drawImage(small, c * SIDE, 0, width * scale, height * scale);
  }
}
