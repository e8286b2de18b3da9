// Colours for numbers that have a sign, from the same table as every other picture of the product: blue below zero, orange above.
import { decode } from "./values.js";

let table = null; // red, green, blue for every step from −1 to 1
let whole = null; // the same with full opacity, one number for each step

export function prepare(glass) {
  table = decode(glass.colours);
  const steps = new Uint8Array((4 * table.length) / 3).fill(255);
  for (let i = 0; i < table.length; i++) steps[4 * Math.floor(i / 3) + (i % 3)] = table[i];
  whole = new Uint32Array(steps.buffer);
}

function step(value, most) {
  const last = table.length / 3 - 1;
  const part = most > 0 ? Math.min(Math.max(value / most, -1), 1) : 0;
  return 3 * Math.round(((part + 1) / 2) * last);
}

function linear(byte) {
  const share = byte / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

export function paint(element, value, most) {
  const at = step(value, most);
  const [red, green, blue] = table.subarray(at, at + 3);
  element.style.backgroundColor = `rgb(${red}, ${green}, ${blue})`;
  const light = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  element.style.color = (light + 0.05) ** 2 > 1.05 * 0.05 ? "#000000" : "#ffffff"; // whichever stands out more
}

// Draws height × width values from `start` on, one pixel each.
export function draw(canvas, values, start, height, width, most) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const half = (whole.length - 1) / 2;
  const scale = most > 0 ? half / most : 0;
  for (let i = 0; i < height * width; i++) pixels[i] = whole[Math.round(half + Math.min(Math.max(values[start + i] * scale, -half), half))];
  context.putImageData(image, 0, 0);
}

// Draws the whole scale, from −1 to 1.
export function drawScale(canvas) {
  const count = table.length / 3;
  draw(canvas, Float32Array.from({ length: count }, (_, at) => (2 * at) / (count - 1) - 1), 0, 1, count, 1);
}

// Draws the picture as the network's input has it, grey or in colour.
export function drawPicture(canvas, values, [channels, height, width]) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const area = height * width;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * values[(channels >= 3 ? c : 0) * area + i]);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

export const most = (layer) => Math.max(Math.abs(layer.range[0]), Math.abs(layer.range[1]));
