// The list of layers, each with a strip of its first maps.
import { draw, most } from "./colours.js";
import { byId, made } from "./elements.js";
import { shown, sized } from "./numbers.js";
import { seen } from "./seen.js";

const SIDE = 40, COUNT = 6; // of a strip's maps: pixels at most, and how many

export function listLayers(glass, go) {
  const late = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      late.unobserve(entry.target);
      strip(entry.target, glass, glass.layer(entry.target.dataset.layer));
    }
  }, { root: byId("layers"), rootMargin: "300px" });
  const items = glass.layers.map((layer) => {
    const canvas = made("canvas", { class: "strip", width: COUNT * SIDE, height: SIDE, "data-layer": layer.name, "aria-hidden": "true" });
    late.observe(canvas);
    const zeros = Math.round(100 * layer.zeros);
    const facts = `${sized(layer.shape)}, ${shown(layer.range[0], 3)} to ${shown(layer.range[1], 3)}${zeros ? `, ${zeros} % zero` : ""}`;
    const kind = layer.name.startsWith(layer.kind) ? "" : layer.kind;
    const inner = layer.number.includes(".") ? "layer inner" : "layer";
    return made("li", {}, made("button", { class: inner, type: "button", "data-layer": layer.name, onclick: () => go(layer.name) },
      canvas, made("span", { class: "name" }, layer.name, kind ? made("small", {}, ` ${kind}`) : ""),
      layer.closed ? made("small", { class: "lock" }, "only seen") : "", made("span", { class: "facts" }, facts)));
  });
  byId("layers").replaceChildren(made("ol", {}, items));
}

export function markLayer(name) {
  for (const button of byId("layers").querySelectorAll("button")) {
    const chosen = button.dataset.layer === name;
    button.setAttribute("aria-pressed", String(chosen));
    const list = byId("layers");
    if (!chosen) continue;
    const [top, bottom] = [button.offsetTop, button.offsetTop + button.offsetHeight];
    if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 3;
  }
}

function strip(canvas, glass, layer) {
  const found = seen(glass, layer);
  const [channels, height, width] = found.shape;
  const flat = layer.shape.length === 1;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  const small = document.createElement("canvas");
  if (flat) { // a row of values as a row of bars of colour
    const count = Math.min(found.count, COUNT * SIDE);
    draw(small, found.values, 0, 1, count, most(layer));
    context.drawImage(small, 0, SIDE / 4, COUNT * SIDE, SIDE / 2);
    return;
  }
  for (let c = 0; c < Math.min(channels, COUNT); c++) {
    draw(small, found.values, c * height * width, height, width, most(layer));
    const scale = (SIDE - 2) / Math.max(height, width);
    context.drawImage(small, c * SIDE, 0, width * scale, height * scale);
  }
}
