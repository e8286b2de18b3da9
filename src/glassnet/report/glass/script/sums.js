// The arithmetic of one value, shown term by term; every term is a button that opens where it came from.
import { added } from "./combining.js";
import { most, paint } from "./colours.js";
import { made } from "./elements.js";
import { brief, counted, shown, where } from "./numbers.js";
import { windows } from "./windows.js";

const FIRST = 27, MORE = 500;

const HEADS = {
  share: ["value", "1 ÷ temperature", "exponential"], largest: ["value", "taken", "gives"], mean: ["value", "share", "product"],
  pixel: ["byte", "scale", "value"],
};

export function showSum(glass, found, open) {
  const parts = [];
  if (found.opened !== found.layer) {
    parts.push(made("p", { class: "note" }, `${found.layer} changes each value by itself; below it ${found.opened} brought these together at ${where(found.opened_at)}:`));
  }
  const node = glass.layer(found.opened);
  const kernel = node.numbers.weight?.shape;
  const asWindows = kernel?.length === 4 && kernel[2] * kernel[3] > 1 && !found.others;
  parts.push(asWindows ? windows(glass, node, found, open) : terms(glass, found, open));
  parts.push(steps(found));
  if (found.note) parts.push(made("p", { class: "note" }, found.note));
  return parts;
}

function terms(glass, found, open) {
  if (!found.terms.length) return "";
  const sorted = [...found.terms];
  if (sorted.length > FIRST) sorted.sort(found.how === "largest" ? (a, b) => b.value - a.value : (a, b) => Math.abs(b.product) - Math.abs(a.product));
  const widest = Math.max(...sorted.map((term) => Math.abs(term.product)));
  const body = made("tbody", {});
  const button = made("button", { type: "button", class: "more" });
  const more = (number) => {
    const from = body.rows.length;
    body.append(...sorted.slice(from, from + number).map((term) => row(glass, found, term, widest, open)));
    const rest = sorted.slice(body.rows.length);
    button.hidden = !rest.length;
    const together = found.how === "largest" ? "none of them larger" : `together ${shown(added(rest))}`;
    button.textContent = `Show ${rest.length > MORE ? `${MORE} of ` : ""}the other ${counted(rest.length)} terms, ${together}`;
  };
  button.addEventListener("click", () => more(MORE));
  more(FIRST);
  const heads = ["from", ...(HEADS[found.how] ?? ["value", "weight", "product"])];
  const head = made("thead", {}, made("tr", {}, heads.map((text, at) => made("th", { scope: "col", class: at ? "number" : null }, text))));
  const caption = sorted.length > FIRST ? "The largest first." : "In the order in which they are read.";
  const ahead = found.others
    ? made("p", { class: "note" }, `${counted(found.others)} more terms are not in this page, together ${shown(found.others_together)}.`) : "";
  return made("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Terms" },
    made("table", { class: "terms" }, made("caption", {}, caption), head, body), button, ahead);
}

function row(glass, found, term, widest, open) {
  const names = found.how === "share" ? ` (${glass.classes[term.channel]})` : "";
  const at = [term.channel, term.y, term.x];
  const moved = term.opens && term.opens[0] !== term.layer;
  const long = `${term.layer}, ${where(at)}${names}${moved ? ` = ${term.opens[0]}, ${where(term.opens.slice(1))}` : ""}`;
  const short = (moved ? brief(term.opens[0], term.opens.slice(1)) : brief(term.layer, at)) + names;
  const said = term.padding ? "padding" : [made("span", { class: "long" }, long), made("span", { class: "short" }, short)];
  const first = term.opens
    ? made("button", { type: "button", class: "opens", "data-opens": term.opens.join("/"), onclick: () => open(term.opens) }, said) : said;
  const last = made("td", { class: "number" }, shown(term.product));
  paint(last, found.how === "largest" && !term.weight ? 0 : term.product, widest);
  return made("tr", {}, made("th", { scope: "row" }, ...[first].flat()), made("td", { class: "number" }, shown(term.value)),
    made("td", { class: "number" }, shown(term.weight)), last);
}

// Everything after the terms: the sum, the bias, what normalisation and activation made of it, and the network's own value.
function steps(found) {
  const count = found.terms.length + found.others;
  const rows = [];
  const add = (what, number, after, title = false) => rows.push(made("tr", { class: title ? "title" : null },
    made("th", { scope: "row" }, what), made("td", { class: "number" }, shown(number)), made("td", { class: "number" }, shown(after))));
  if (found.how === "sum" && (count > 1 || found.bias !== null)) add(`sum of ${counted(count)} product${count === 1 ? "" : "s"}`, null, found.total);
  if (found.how === "mean") add(`mean of ${counted(count)}`, null, found.total);
  if (found.how === "largest") add(`largest of ${counted(count)}`, null, found.total);
  if (found.how === "share") {
    add(`sum of ${counted(count)} exponentials`, null, found.total);
    add(`${shown(found.combined * found.total)} ÷ that sum`, found.total, found.combined);
  }
  if (found.bias !== null) add("+ bias", found.bias, found.combined);
  for (const change of found.changes) {
    add(change.layer, null, null, true);
    for (const line of change.lines) add(line.what, line.number, line.after);
  }
  const result = made("tr", { class: "result" }, made("th", { scope: "row" }, "result"), made("td", {}),
    made("td", { class: "number" }, shown(found.result)));
  const own = found.own === null ? [] : [made("tr", {}, made("th", { scope: "row" }, "the network's own value"),
    made("td", { class: "number" }, apart(found)), made("td", { class: "number own" }, shown(found.own, 8)))];
  const after = found.after.map((change) => made("tr", {}, made("th", { scope: "row" }, `next, ${change.layer} makes of it`), made("td", {}),
    made("td", { class: "number" }, shown(change.after))));
  return made("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "From the sum to the result" },
    made("table", { class: "steps" }, made("tbody", {}, rows, result, own, after)));
}

function apart(found) {
  const off = Math.abs(found.result - found.own);
  return off ? `${shown(off, 1)} apart` : "equal";
}
