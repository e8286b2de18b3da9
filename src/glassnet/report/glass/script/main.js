// Puts the parts together: the fragment says where the reader is, everything on the page follows it.
import { arithmetic } from "./arithmetic.js";
import { drawScale, most, prepare } from "./colours.js";
import { byId, made } from "./elements.js";
import { field } from "./field.js";
import { showFilter } from "./filters.js";
import { listLayers, markLayer } from "./layers.js";
import { isLabelled, markMap, showMaps } from "./maps.js";
import { brief, shown, sized, where } from "./numbers.js";
import { parsed, placed, whole, written } from "./place.js";
import { Stage } from "./stage.js";
import { showSum } from "./sums.js";
import { Glass } from "./values.js";

const glass = new Glass(JSON.parse(byId("data").textContent).glass);
prepare(glass);
let trail = [];
let drawn = "";

const now = () => trail.at(-1);
const place = (layer, [channel = null, y = null, x = null]) => ({ layer, channel, y, x });

function go(next, replace = false) {
  if (replace) history.replaceState(null, "", written(next));
  else if (location.hash !== written(next)) history.pushState(null, "", written(next));
  show(next);
}

function chooseLayer(name) {
  const layer = glass.layer(name);
  go([place(name, layer.shape.length === 3 ? [strongest(layer)[0]] : [])]);
}

// A map that is not in the page cannot be chosen; then the first is.
function strongest(layer) {
  return layer.values || layer.shape.length === 1 || layer.strongest[0] < layer.preview.shape[0] ? layer.strongest : [0, 0, 0];
}

function chooseMap(channel) {
  const { layer, y, x } = now();
  go([place(layer, [channel, y, x])]);
}

const openAt = (at) => go([place(now().layer, at)]);
const moveTo = (at) => go([place(now().layer, at)], true);

function openTerm([layer, ...at]) {
  go([...trail, place(layer, at)]);
  byId("sum-title").focus({ preventScroll: true });
  byId("sum-title").scrollIntoView({ block: "nearest" });
}

const stage = new Stage(glass, openAt, moveTo);

function show(next) {
  trail = next;
  const here = now();
  const layer = glass.layer(here.layer);
  if (drawn !== here.layer) {
    drawn = here.layer;
    markLayer(here.layer);
    byId("layer-title").textContent = here.layer;
    byId("layer-facts").textContent = facts(layer);
    byId("scale-low").textContent = shown(-most(layer), 3);
    byId("scale-high").textContent = shown(most(layer), 3);
    showMaps(glass, layer, chooseMap);
    byId("map-figure").hidden = isLabelled(layer); // the labelled values stand for it
  }
  const channel = here.channel ?? 0;
  markMap(here.channel);
  stage.show(layer, channel, whole(glass, here) ? placed(here) : null);
  showFilter(glass, layer, here.channel);
  showArithmetic(layer, here);
}

function facts(layer) {
  const reads = layer.sources.length ? ` It reads ${layer.sources.join(" and ")}.` : "";
  const zeros = layer.zeros ? `, ${(100 * layer.zeros).toFixed(0)} % of them zero` : "";
  return `${layer.kind}, ${sized(layer.shape)}: values from ${shown(layer.range[0], 4)} to ${shown(layer.range[1], 4)}${zeros}.${reads}`;
}

function showArithmetic(layer, here) {
  const title = byId("sum-title");
  const body = byId("sum-body");
  byId("trail").replaceChildren(...(trail.length > 1 ? crumbs() : []));
  if (!whole(glass, here)) {
    title.textContent = "The arithmetic";
    body.replaceChildren(made("p", { class: "note" }, layer.closed
      ? `Values of this layer cannot be opened in this page. ${layer.closed}`
      : "Choose a value in the map: it opens here, term by term, down to the pixels."), ...stored(layer));
    return;
  }
  const at = placed(here);
  const held = glass.stored.find((each) => each.layer === layer.name && String([each.channel, each.y, each.x]) === String(at));
  const found = layer.closed ? held : arithmetic(glass, layer.name, ...at);
  const name = found?.class_name ? ` (${found.class_name})` : "";
  title.textContent = `${layer.name}, ${where(at)}${name}${found ? ` = ${shown(found.result)}` : ""}`;
  body.replaceChildren(...(layer.closed ? closed(layer, at, found) : []), ...(found ? showSum(glass, found, openTerm) : []), ...(found ? [] : stored(layer)));
}

function closed(layer, at, found) {
  const words = JSON.stringify([layer.name, ...at.filter((each) => each !== null)]).slice(1, -1).replaceAll(",", ", ");
  return [
    made("p", { class: "warning" }, found ? "This value was opened ahead, its largest terms are shown. " : "This value cannot be opened in this page. ",
      layer.closed, " In Python it opens like every other:"),
    made("pre", { tabindex: "0" }, `print(${glass.look.replace("{place}", words)}.text())`),
  ];
}

function stored(layer) {
  const found = glass.stored.filter((each) => each.layer === layer.name);
  if (!layer.closed || !found.length) return [];
  const items = found.map((each) => made("li", {}, made("a", { href: written([each]) }, where([each.channel, each.y, each.x]))));
  return [made("p", { class: "note" }, "These values were opened ahead:"), made("ul", {}, items)];
}

function crumbs() {
  return [made("ol", {}, trail.map((each, at) => {
    const text = brief(each.layer, placed(each));
    const last = at === trail.length - 1;
    return made("li", {}, last ? made("span", { "aria-current": "location" }, text) : made("a", { href: written(trail.slice(0, at + 1)) }, text));
  }))];
}

// Pointing at a term lights up what it sees.
for (const [event, lit] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
  byId("panel").addEventListener(event, ({ target }) => {
    const button = target.closest("[data-opens]");
    if (!button) return;
    const [name, ...at] = button.dataset.opens.split("/");
    if (lit) stage.tell(glass.layer(name), [0, 1, 2].map((axis) => (at[axis] ? Number(at[axis]) : null)));
    else stage.point(stage.chosen);
  });
}

function follow() {
  const found = parsed(glass, location.hash);
  if (found) show(found);
  return found;
}

// Also fires for an address that was typed. Links lead to the glass from elsewhere on the page, and change it in place inside.
addEventListener("popstate", follow);
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const found = link && parsed(glass, link.getAttribute("href"));
  if (!found || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(found);
  byId(byId("panel").contains(link) ? "sum-title" : "part-glass").scrollIntoView({ block: byId("panel").contains(link) ? "nearest" : "start" });
});
byId("glass").hidden = false;
drawScale(byId("scale"));
listLayers(glass, chooseLayer);
if (follow()) byId("part-glass").scrollIntoView();
else {
  const first = glass.layers.find((layer) => layer.kind === "conv" && !layer.closed) ?? glass.layers.at(-1);
  show([place(first.name, strongest(first))]);
}
// For the curious, in the browser's console: glassnet.arithmetic("conv2", 7, 3, 4)
globalThis.glassnet = { glass, arithmetic: (...at) => arithmetic(glass, ...at), field: (name, at) => field(glass, name, at) };
