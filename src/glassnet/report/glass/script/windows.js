// A convolution's sum as people draw it: for every input channel the window, times the kernel, gives the products.
import { added } from "./combining.js";
import { most, paint } from "./colours.js";
import { made } from "./elements.js";
import { counted, shown, where } from "./numbers.js";

const FIRST = 9, WIDEST = 5; // channels shown at first; kernels wider than this show colours, and numbers on hover only

export function windows(glass, node, found, open) {
  const [, , height, width] = node.numbers.weight.shape;
  const groups = grouped(found.terms);
  if (groups.length > FIRST) groups.sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const scales = {
    value: most(glass.layer(node.sources[0])),
    weight: Math.max(...found.terms.map((term) => Math.abs(term.weight))),
    product: Math.max(...found.terms.map((term) => Math.abs(term.product))),
  };
  const size = { height, width, plain: Math.max(height, width) > WIDEST };
  const list = made("div", { class: "windows" });
  const button = made("button", { type: "button", class: "more" });
  const more = (number) => {
    const from = list.children.length;
    list.append(...groups.slice(from, from + number).map((group) => drawn(node, group, size, scales, open)));
    const rest = groups.slice(list.children.length);
    button.hidden = !rest.length;
    button.textContent = `Show the other ${counted(rest.length)} channels, together ${shown(rest.reduce((sum, group) => sum + group.sum, 0))}`;
  };
  button.addEventListener("click", () => more(groups.length));
  more(FIRST);
  const first = groups.length > FIRST ? " The channels with the largest sums come first." : "";
  return made("div", {}, made("p", { class: "note" }, `Each window of ${node.sources[0]} times the kernel's weights, added.${first}`), list, button);
}

function grouped(terms) {
  const found = new Map();
  for (const term of terms) {
    if (!found.has(term.at[0])) found.set(term.at[0], []);
    found.get(term.at[0]).push(term);
  }
  return [...found.values()].map((group) => ({ terms: group, channel: group[0].channel, sum: added(group) }));
}

function drawn(node, group, size, scales, open) {
  const grid = (which, label) => {
    const cells = group.terms.map((term) => cell(term, which, size, scales, open));
    const element = made("div", { class: size.plain ? "grid plain" : "grid", role: "group", "aria-label": label }, cells);
    element.style.gridTemplateColumns = `repeat(${size.width}, auto)`;
    return element;
  };
  return made("div", { class: "window" },
    made("h4", {}, `${node.sources[0]}, channel ${group.channel}`),
    grid("value", "window"), made("span", { class: "sign" }, "×"), grid("weight", "kernel"),
    made("span", { class: "sign" }, "="), grid("product", "products"),
    made("span", { class: "sum" }, made("small", {}, "sum "), shown(group.sum)));
}

function cell(term, which, size, scales, open) {
  const inside = size.plain ? "" : short(term[which]);
  const from = term.padding ? "padding" : where([term.channel, term.y, term.x]);
  const opens = which === "value" && term.opens;
  const element = opens
    ? made("button", { type: "button", class: "cell", title: `${from}: ${shown(term.value)}`, "aria-label": `${inside || shown(term.value)}, ${from}`,
      "data-opens": term.opens.join("/"), onclick: () => open(term.opens) }, inside)
    : made("span", { class: term.padding && which === "value" ? "cell padding" : "cell", title: which === "value" ? from : shown(term[which]) }, inside);
  paint(element, term[which], scales[which]);
  return element;
}

function short(value) { // as many digits as fit
  return [3, 2].map((digits) => shown(value, digits)).find((text) => text.length <= 7) || shown(value, 1);
}
