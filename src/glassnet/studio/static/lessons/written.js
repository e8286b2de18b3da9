// How numbers of a lesson are written into a sentence, and pictures of two tones into the address.
import { html } from "../parts/html.js";
import { cellText } from "./parts/grid.js";

export const shown = cellText;

// 178 + 180 − 117
export function added(values, digits) {
  return values.map((value, i) => {
    if (!i) return cellText(value, digits);
    return `${value < 0 ? "−" : "+"} ${cellText(Math.abs(value), digits)}`;
  }).join(" ");
}

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export const replaced = (all, at, one) => all.map((each, i) => (i === at ? one : each));

// Rows of 1 and −1 as a text of x and dots, and back; null where the text is no such picture.
export const toText = (rows) => rows.map((row) => row.map((value) => (value > 0 ? "x" : ".")).join("")).join("");

export function fromText(text, side) {
  if (!new RegExp(`^[x.]{${side * side}}$`).test(text)) return null;
  return Array.from({ length: side }, (_, y) => [...text.slice(y * side, (y + 1) * side)].map((sign) => (sign === "x" ? 1 : -1)));
}

// What stands where the first answer will be, with about its room.
export const Waits = () => html`<p class="note lesson-waits" role="status">Computing …</p>`;
