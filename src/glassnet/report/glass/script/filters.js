// The filter of the chosen channel as pictures, one per input channel, and as numbers.
import { draw } from "./colours.js";
import { made } from "./elements.js";
import { counted, shown } from "./numbers.js";

const FIRST = 64, NUMBERS = 2000;

// `place` is a details element, `title` its summary and `inside` what is filled when it is open.
export function showFilter({ place, title, inside }, glass, layer, channel) {
  const kernel = filterOf(glass, layer, channel);
  place.hidden = !kernel;
  if (!kernel) return;
  const { depth, height, width, values, reads, first } = kernel;
  title.textContent = `The filter of ${layer.name}, channel ${channel}, in pictures and numbers`;
  inside.replaceChildren();
  const fill = () => {
    if (!place.open || inside.children.length) return;
    const widest = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const pictures = Array.from({ length: Math.min(depth, FIRST) }, (_, at) => {
      const canvas = made("canvas", { role: "img", "aria-label": `Weights for channel ${first + at} of ${reads}` });
      draw(canvas, values, at * height * width, height, width, widest);
      return made("figure", {}, canvas, made("figcaption", {}, String(first + at)));
    });
    const bias = glass.numbers(layer, "bias");
    inside.append(
      made("p", { class: "note" }, `${counted(depth)} × ${height}×${width} weights, one square for every channel of ${reads}; the largest has size ${shown(widest, 3)}.`
        + `${bias ? ` The bias is ${shown(bias[channel])}.` : ""}${depth > FIRST ? ` The first ${FIRST} are shown.` : ""}`),
      made("div", { class: "filters" }, pictures),
      made("pre", { tabindex: "0", "aria-label": "Weights as numbers" }, numbers(kernel)));
  };
  place.ontoggle = fill;
  fill();
}

// A dense layer after a flatten has its weights laid over the map that was flattened.
function filterOf(glass, layer, channel) {
  const weight = layer.numbers.weight;
  if (!weight || channel === null) return null;
  const size = weight.shape.slice(1).reduce((product, side) => product * side, 1);
  const values = glass.numbers(layer, "weight").subarray(channel * size, (channel + 1) * size);
  let below = glass.layer(layer.sources[0]);
  if (weight.shape.length === 4) {
    const [filters, depth, height, width] = weight.shape;
    const first = Math.floor(channel / (filters / layer.settings.groups)) * depth;
    return { depth, height, width, values, first, reads: below.name };
  }
  while (below.kind === "dropout") below = glass.layer(below.sources[0]);
  if (below.kind === "flatten") {
    below = glass.layer(below.sources[0]);
    const [depth, height, width] = below.shape.length === 3 ? below.shape : [1, 1, below.shape[0]];
    return { depth, height, width, values, first: 0, reads: below.name };
  }
  return { depth: 1, height: 1, width: size, values, first: 0, reads: below.name };
}

function numbers({ depth, height, width, values, first }) {
  const lines = [];
  for (let c = 0; c < depth && c * height * width < NUMBERS; c++) {
    lines.push(`channel ${first + c}`);
    for (let y = 0; y < height; y++) {
      const row = values.subarray((c * height + y) * width, (c * height + y + 1) * width);
      lines.push([...row.subarray(0, NUMBERS)].map((value) => shown(value, 4).padStart(10)).join(" "));
    }
  }
  if (depth * height * width > NUMBERS) lines.push(`… of ${counted(depth * height * width)} weights`);
  return lines.join("\n");
}
