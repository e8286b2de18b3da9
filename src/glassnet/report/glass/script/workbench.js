// The bench on which a network lies open: its layers, the maps of one, the picture beside a map, and the arithmetic of a value.
import { arithmetic } from "./arithmetic.js";
import { drawScale, most } from "./colours.js";
import { made } from "./elements.js";
import { showFilter } from "./filters.js";
import { Layers } from "./layers.js";
import { Maps, isLabelled } from "./maps.js";
import { brief, shown, sized, where } from "./numbers.js";
import { placed, whole, written } from "./place.js";
import { Stage } from "./stage.js";
import { showSum } from "./sums.js";

const place = (layer, [channel = null, y = null, x = null]) => ({ layer, channel, y, x });

export class Workbench {
  // `root` is filled. `went(trail, replace)` hears where the reader went, `href(trail)` is the address of a place. `ask(layer, channel, y, x)`
  // gives a promise of the arithmetic of a value that the page cannot open itself; without it such values stay closed.
  constructor(root, glass, { went, href, ask = null }) {
    Object.assign(this, { root, glass, went, href, ask, trail: [], drawn: "", turn: 0 });
    this.parts = build(root);
    const { parts } = this;
    drawScale(parts.scale);
    this.layers = new Layers(parts.layers, glass, (name) => this.chooseLayer(name), !ask);
    this.maps = new Maps(parts.maps, glass, (channel) => this.chooseMap(channel));
    this.stage = new Stage(parts, glass, (at) => this.go([place(this.now().layer, at)]), (at) => this.go([place(this.now().layer, at)], true));
    this.listen();
  }

  now() {
    return this.trail.at(-1);
  }

  // Where to begin: the strongest map of the first convolution.
  beginning() {
    const { glass } = this;
    const first = glass.layers.find((layer) => layer.kind === "conv" && (this.ask || !layer.closed)) ?? glass.layers.at(-1);
    return [place(first.name, strongest(first))];
  }

  go(next, replace = false) {
    this.show(next);
    this.went(next, replace);
  }

  chooseLayer(name) {
    const layer = this.glass.layer(name);
    this.go([place(name, layer.shape.length === 3 ? [strongest(layer)[0]] : [])]);
  }

  chooseMap(channel) {
    const { layer, y, x } = this.now();
    this.go([place(layer, [channel, y, x])]);
  }

  openTerm([layer, ...at]) {
    this.go([...this.trail, place(layer, at)]);
    this.parts.title.focus({ preventScroll: true });
    this.parts.title.scrollIntoView({ block: "nearest" });
  }

  show(next) {
    const { glass, parts } = this;
    this.trail = next;
    const here = this.now();
    const layer = glass.layer(here.layer);
    if (this.drawn !== here.layer) {
      this.drawn = here.layer;
      this.layers.mark(here.layer);
      parts.layerTitle.textContent = here.layer;
      this.tellLayer(layer);
      this.maps.show(layer);
      parts.mapFigure.hidden = isLabelled(layer); // the labelled values stand for it
    }
    this.maps.mark(here.channel);
    this.stage.show(layer, here.channel ?? 0, whole(glass, here) ? placed(here) : null);
    showFilter(parts.filter, glass, layer, here.channel);
    this.showArithmetic(layer, here);
  }

  // The network has looked at another picture, and `glass` has its values.
  renew() {
    this.layers.renew();
    if (!this.trail.length) return;
    const here = this.now();
    const layer = this.glass.layer(here.layer);
    this.tellLayer(layer);
    this.maps.renew();
    this.stage.renew();
    if (whole(this.glass, here)) this.showArithmetic(layer, here);
  }

  tellLayer(layer) {
    const { parts } = this;
    parts.layerFacts.textContent = facts(layer);
    parts.low.textContent = shown(-most(layer), 3);
    parts.high.textContent = shown(most(layer), 3);
  }

  showArithmetic(layer, here) {
    const { glass, parts } = this;
    const turn = ++this.turn;
    parts.trail.replaceChildren(...(this.trail.length > 1 ? [this.crumbs()] : []));
    if (!whole(glass, here)) {
      parts.title.textContent = "The arithmetic";
      parts.body.replaceChildren(made("p", { class: "note" }, layer.closed && !this.ask
        ? `Values of this layer cannot be opened in this page. ${layer.closed}`
        : "Choose a value in the map: it opens here, term by term, down to the pixels."), ...this.stored(layer));
      return;
    }
    const at = placed(here);
    if (layer.closed && this.ask) {
      this.title(layer, at, null);
      this.ask(layer.name, ...at).then(
        (found) => { if (turn === this.turn) this.opened(layer, at, found); },
        (error) => { if (turn === this.turn) parts.body.replaceChildren(made("p", { class: "wrong", role: "alert" }, error.message)); });
      return;
    }
    const held = glass.stored.find((each) => each.layer === layer.name && String([each.channel, each.y, each.x]) === String(at));
    const found = layer.closed ? held : arithmetic(glass, layer.name, ...at);
    this.opened(layer, at, found, layer.closed ? closed(glass, layer, at, found) : []);
  }

  opened(layer, at, found, before = []) {
    this.title(layer, at, found);
    this.parts.body.replaceChildren(...before, ...(found ? showSum(this.glass, found, (opens) => this.openTerm(opens)) : this.stored(layer)));
  }

  title(layer, at, found) {
    const name = found?.class_name ? ` (${found.class_name})` : "";
    this.parts.title.textContent = `${layer.name}, ${where(at)}${name}${found ? ` = ${shown(found.result)}` : ""}`;
  }

  stored(layer) {
    const found = this.glass.stored.filter((each) => each.layer === layer.name);
    if (!layer.closed || !found.length) return [];
    const items = found.map((each) => made("li", {}, made("a", { href: this.href([each]) }, where([each.channel, each.y, each.x]))));
    return [made("p", { class: "note" }, "These values were opened ahead:"), made("ul", {}, items)];
  }

  crumbs() {
    return made("ol", {}, this.trail.map((each, at) => {
      const text = brief(each.layer, placed(each));
      const last = at === this.trail.length - 1;
      return made("li", {}, last ? made("span", { "aria-current": "location" }, text) : made("a", { href: this.href(this.trail.slice(0, at + 1)) }, text));
    }));
  }

  // Pointing at a term lights up what it sees.
  listen() {
    for (const [event, lit] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
      this.parts.panel.addEventListener(event, ({ target }) => {
        const button = target.closest("[data-opens]");
        if (!button) return;
        const [name, ...at] = button.dataset.opens.split("/");
        if (lit) this.stage.tell(this.glass.layer(name), [0, 1, 2].map((axis) => (at[axis] ? Number(at[axis]) : null)));
        else this.stage.point(this.stage.chosen);
      });
    }
  }

  // The place shown, as it stands in an address.
  get address() {
    return this.trail.length ? written(this.trail) : "";
  }
}

// A map that is not in the page cannot be chosen; then the first is.
function strongest(layer) {
  return layer.values || layer.shape.length === 1 || layer.strongest[0] < layer.preview.shape[0] ? layer.strongest : [0, 0, 0];
}

function facts(layer) {
  const reads = layer.sources.length ? ` It reads ${layer.sources.join(" and ")}.` : "";
  const zeros = layer.zeros ? `, ${(100 * layer.zeros).toFixed(0)} % of them zero` : "";
  return `${layer.kind}, ${sized(layer.shape)}: values from ${shown(layer.range[0], 4)} to ${shown(layer.range[1], 4)}${zeros}.${reads}`;
}

function closed(glass, layer, at, found) {
  const words = JSON.stringify([layer.name, ...at.filter((each) => each !== null)]).slice(1, -1).replaceAll(",", ", ");
  return [
    made("p", { class: "warning" }, found ? "This value was opened ahead, its largest terms are shown. " : "This value cannot be opened in this page. ",
      layer.closed, " In Python it opens like every other:"),
    made("pre", { tabindex: "0" }, `print(${glass.look.replace("{place}", words)}.text())`),
  ];
}

// The elements, with the ids by which a stylesheet and a reader's programs know them.
function build(root) {
  const parts = {};
  const one = (name, tag, attributes = {}, ...children) => (parts[name] = made(tag, attributes, ...children));
  const layers = one("layers", "div", { id: "layers", role: "region", "aria-label": "Layers", tabindex: "0" });
  const scale = made("p", { class: "scale note" }, one("low", "span", { id: "scale-low" }),
    one("scale", "canvas", { id: "scale", class: "ramp", "aria-hidden": "true" }), one("high", "span", { id: "scale-high" }),
    made("span", {}, "one scale for all maps of this layer; white is zero"));
  const seen = made("figure", {},
    one("seen", "div", { id: "seen", class: "board" },
      one("input", "canvas", { id: "input", role: "img", "aria-label": "The picture as the network gets it" }),
      one("field", "div", { id: "field", hidden: true })),
    made("figcaption", {}, "The picture, as the network gets it"));
  const map = one("mapFigure", "figure", { id: "map-figure" },
    one("map", "div", { id: "map", class: "board", tabindex: "0", role: "application", "aria-label": "Map", "aria-describedby": "reading" },
      one("large", "canvas", { id: "large", "aria-hidden": "true" }), one("chosen", "div", { id: "chosen", hidden: true }),
      one("pointed", "div", { id: "pointed", hidden: true })),
    one("name", "figcaption", { id: "map-name" }, "A map"));
  const filter = made("details", { id: "filter", hidden: true }, made("summary", { id: "filter-title" }, "The filter"), made("div", { id: "filter-inside" }));
  parts.filter = { place: filter, title: filter.firstChild, inside: filter.lastChild };
  const panel = one("panel", "div", { id: "panel", class: "panel" },
    one("layerTitle", "h3", { id: "layer-title" }, "Layer"), one("layerFacts", "p", { id: "layer-facts", class: "note" }),
    one("maps", "div", { id: "maps" }), scale, made("div", { class: "stage" }, seen, map), one("reading", "p", { id: "reading", "aria-live": "polite" }),
    filter, one("trail", "nav", { id: "trail", "aria-label": "The way to this value" }),
    one("title", "h3", { id: "sum-title", tabindex: "-1" }, "The arithmetic"), one("body", "div", { id: "sum-body" }));
  root.classList.add("workbench");
  root.replaceChildren(layers, panel);
  return parts;
}
