// The network as the page holds it: layers by name, their values and weights as float32, decoded when first asked for.
// Numbers come as base64 in a page that is one file, and as arrays from a server.

export const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const floats = (held) => (held instanceof Float32Array ? held : new Float32Array(decode(held).buffer));
const bytes = (held) => (held instanceof Uint8Array ? held : decode(held));

export class Glass {
  constructor(data) {
    Object.assign(this, data); // layers, classes, vote, temperature, picture, stored, frame, look
    this.named = new Map(data.layers.map((layer) => [layer.name, layer]));
    this.known = new Map();
  }

  // Take what the same network makes of another picture: for every layer range, zeros, strongest, and values or preview.
  renew({ layers, frame }) {
    this.frame = frame;
    for (const seen of layers) {
      const layer = this.layer(seen.name);
      for (const part of ["values", "preview"]) delete layer[part];
      Object.assign(layer, seen);
      this.known.delete(layer.name);
      this.known.delete(`${layer.name} preview`);
    }
  }

  layer(name) {
    const found = this.named.get(name);
    if (!found) throw new RangeError(`The network has no layer ${name}.`);
    return found;
  }

  // All values of a layer, channel by channel, row by row; null where the page holds only a small picture of them.
  values(name) {
    if (!this.known.has(name)) this.known.set(name, this.read(this.layer(name)));
    return this.known.get(name);
  }

  read(layer) {
    const held = layer.values;
    if (!held) return null;
    if (held.f32 !== undefined) return floats(held.f32);
    if (held.u8 !== undefined) return Float32Array.from(bytes(held.u8), (byte) => byte / 255);
    const below = this.values(layer.sources[0]);
    if (held.from === "relu") return below.map((value) => Math.max(value, 0));
    if (held.from === "maxpool") return largest(layer, this.layer(layer.sources[0]), below);
    if (held.from === "standardize") return standardized(layer, below, this.numbers(layer, "mean"), this.numbers(layer, "std"));
    return below; // flatten and dropout pass on what they get
  }

  // A small picture of values that the page does not hold, in 255 steps.
  preview(layer) {
    const key = `${layer.name} preview`;
    if (!this.known.has(key)) {
      const scale = Math.max(Math.abs(layer.range[0]), Math.abs(layer.range[1])) / 127;
      this.known.set(key, Float32Array.from(new Int8Array(decode(layer.preview.i8).buffer), (value) => value * scale));
    }
    return this.known.get(key);
  }

  // The numbers of a layer by name: weight, bias, mean, variance, scale, shift, std; undefined where it has none.
  numbers(layer, which) {
    const held = layer.numbers[which];
    if (held === undefined) return undefined;
    const key = `${layer.name} ${which}`; // no layer's name has a space
    if (!this.known.has(key)) this.known.set(key, floats(held.f32));
    return this.known.get(key);
  }

  // The value at [channel, y, x] (y and x null in a row of values); null where the page does not hold it.
  at(name, place) {
    const values = this.values(name);
    return values ? values[index(this.layer(name).shape, place)] : null;
  }
}

export function index(shape, [channel, y, x]) {
  return shape.length === 1 ? channel : (channel * shape[1] + y) * shape[2] + x;
}

// The places that a window starting at `start` covers along one axis of `size`; what lies beyond the map is left out.
export function taps(start, kernel, dilation, size) {
  const found = [];
  for (let k = 0; k < kernel; k++) {
    const at = start + k * dilation;
    if (at >= 0 && at < size) found.push(at);
  }
  return found;
}

function standardized(layer, below, mean, std) { // each step rounded to float32, as the network does it
  const area = layer.shape[1] * layer.shape[2];
  return below.map((value, at) => {
    const channel = Math.floor(at / area);
    return Math.fround(value - mean[channel]) / std[channel];
  });
}

function largest(layer, below, values) {
  const [channels, height, width] = layer.shape;
  const { size, stride, padding } = layer.settings;
  const rows = Array.from({ length: height }, (_, y) => taps(y * stride[0] - padding[0], size[0], 1, below.shape[1]));
  const columns = Array.from({ length: width }, (_, x) => taps(x * stride[1] - padding[1], size[1], 1, below.shape[2]));
  const found = new Float32Array(channels * height * width);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (const row of rows) {
      for (const column of columns) {
        let most = -Infinity;
        for (const y of row) for (const x of column) most = Math.max(most, values[(c * below.shape[1] + y) * below.shape[2] + x]);
        found[at++] = most;
      }
    }
  }
  return found;
}
