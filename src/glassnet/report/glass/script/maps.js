// The maps of the chosen layer as small pictures to pick one from; the labelled values where the layer is a short row.
import { draw, most, paint } from "./colours.js";
import { className } from "./arithmetic.js";
import { byId, made } from "./elements.js";
import { counted, shown } from "./numbers.js";
import { seen } from "./seen.js";

const FIRST = 64, LABELLED = 32;

// A short row of values is shown as a list with names, so that no map of it is needed.
export const isLabelled = (layer) => layer.shape.length === 1 && layer.shape[0] <= LABELLED && Boolean(layer.values);

export function showMaps(glass, layer, go) {
  const place = byId("maps");
  const found = seen(glass, layer);
  if (layer.shape.length === 1) {
    place.replaceChildren(...(isLabelled(layer) ? [labelled(glass, layer, go)] : []));
    return;
  }
  const [channels, height, width] = found.shape;
  const one = (channel) => {
    const canvas = made("canvas", { "aria-hidden": "true" });
    draw(canvas, found.values, channel * height * width, height, width, most(layer));
    return made("button", {
      type: "button", class: "map", "data-channel": channel, "aria-label": `Channel ${channel}`, title: `Channel ${channel}`,
      onclick: () => go(channel),
    }, canvas, made("span", { "aria-hidden": "true" }, String(channel)));
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
  place.replaceChildren(grid, ...(more ? [more] : []), ...(said ? [said] : []));
}

export function markMap(channel) {
  for (const button of byId("maps").querySelectorAll("button[data-channel]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.channel) === channel));
  }
}

function labelled(glass, layer, go) {
  const values = glass.values(layer.name);
  const widest = most(layer) || 1;
  return made("div", { class: "labelled" }, [...values].map((value, at) => {
    const bar = made("span", { class: "bar" });
    bar.style.width = `${(100 * Math.abs(value)) / widest}%`;
    paint(bar, value, widest);
    return made("button", { type: "button", "data-channel": at, "data-opens": `${layer.name}/${at}`, onclick: () => go(at) },
      made("span", { class: "name" }, className(glass, layer.name, at) || String(at)), made("span", { class: "track" }, bar),
      made("span", { class: "figure" }, shown(value, 4)));
  }));
}
