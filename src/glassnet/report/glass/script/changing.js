// What elementwise layers do to a value, operation by operation: normalisation, standardising, scaling, activation, dropout.

const ACTIVATIONS = new Set(["relu", "leaky_relu", "gelu", "silu", "sigmoid", "tanh"]);
const ELEMENTWISE = new Set(["batch_norm", "standardize", "scale", "dropout", ...ACTIVATIONS]);

export const elementwise = (layer) => ELEMENTWISE.has(layer.kind);

const FORMULAS = {
  relu: "relu: what is below zero becomes zero",
  leaky_relu: "leaky_relu: what is below zero × slope",
  gelu: "gelu: ½ v (1 + erf(v / √2))",
  silu: "silu: v / (1 + e⁻ᵛ)",
  sigmoid: "sigmoid: 1 / (1 + e⁻ᵛ)",
  tanh: "tanh: (eᵛ − e⁻ᵛ) / (eᵛ + e⁻ᵛ)",
};

export function change(glass, layer, before, channel) {
  const numbers = Object.fromEntries(Object.keys(layer.numbers).map((name) => [name, glass.numbers(layer, name)[channel]]));
  for (const name of ["eps", "factor", "slope", "rate"]) if (name in layer.settings) numbers[name] = layer.settings[name];
  const lines = operations(layer, before, numbers);
  return { layer: layer.name, kind: layer.kind, before, after: lines.at(-1).after, lines, numbers };
}

function operations(layer, before, numbers) {
  if (layer.kind === "batch_norm") return normalised(before, numbers);
  if (layer.kind === "standardize") {
    const centred = before - numbers.mean;
    return [
      { what: "− mean", number: numbers.mean, after: centred },
      { what: "÷ standard deviation", number: numbers.std, after: centred / numbers.std },
    ];
  }
  if (layer.kind === "scale") return [{ what: "× constant", number: numbers.factor, after: before * numbers.factor }];
  if (layer.kind === "dropout") return [{ what: "dropout does nothing when a network answers", number: null, after: before }];
  return [{ what: FORMULAS[layer.kind], number: numbers.slope ?? null, after: activated(layer.kind, before, numbers.slope) }];
}

function normalised(before, { mean, variance, eps, scale, shift }) {
  const deviation = Math.sqrt(variance + eps);
  let after = (before - mean) / deviation;
  const lines = [
    { what: "− mean of the training pictures", number: mean, after: before - mean },
    { what: `÷ √(variance ${Number(variance.toPrecision(6))} + eps ${eps})`, number: deviation, after },
  ];
  if (scale !== undefined) lines.push({ what: "× scale", number: scale, after: (after *= scale) });
  lines.push({ what: "+ shift", number: shift, after: after + shift });
  return lines;
}

function activated(kind, value, slope) {
  if (kind === "relu") return Math.max(value, 0);
  if (kind === "leaky_relu") return value > 0 ? value : slope * value;
  if (kind === "gelu") return 0.5 * value * erfc(-value / Math.SQRT2);
  if (kind === "silu") return value * sigmoid(value);
  return kind === "sigmoid" ? sigmoid(value) : Math.tanh(value);
}

function sigmoid(value) {
  if (value >= 0) return 1 / (1 + Math.exp(-value));
  const raised = Math.exp(value); // without overflow for values far below zero
  return raised / (1 + raised);
}

// 1 − erf(v): near zero by erf's series of positive terms, further out by the continued fraction of its tail (Abramowitz and
// Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14), worked from the inside outward.
export function erfc(value) {
  if (value < 0) return 2 - erfc(-value);
  const square = value * value;
  if (value < 2.5) {
    let [term, sum] = [value, value];
    for (let n = 1; term > sum * 1e-17; n++) sum += term *= (2 * square) / (2 * n + 1);
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
  }
  let fraction = value;
  for (let n = 80; n > 0; n--) fraction = value + n / 2 / fraction;
  return Math.exp(-square) / Math.sqrt(Math.PI) / fraction;
}
