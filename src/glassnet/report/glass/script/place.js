// Where the reader is: a trail of places, the last of which is shown, kept in the address: #conv2/7/3/4, or #softmax/1~dense1/1.

const separator = "~";

// Returns the trail that a fragment names, each {layer, channel, y, x} with null where it says nothing; null where it names no layer.
export function parsed(glass, fragment) {
  const trail = [];
  for (const part of fragment.replace(/^#/, "").replaceAll("%7E", separator).split(separator)) {
    const [name, ...numbers] = part.split("/");
    const layer = glass.named.get(name);
    if (!layer || numbers.length > layer.shape.length || !numbers.every((each) => /^\d{1,9}$/.test(each))) return null;
    const at = numbers.map(Number);
    if (!at.every((each, axis) => each < layer.shape[axis])) return null;
    if (layer.shape.length === 3 && at.length === 2) return null;
    trail.push({ layer: name, channel: at[0] ?? null, y: at[1] ?? null, x: at[2] ?? null });
  }
  return trail;
}

export function written(trail) {
  const one = ({ layer, channel, y, x }) => [layer, channel, y, x].filter((each) => each !== null && each !== undefined).join("/");
  return `#${trail.map(one).join(separator)}`;
}

export const placed = ({ channel, y, x }) => [channel, y, x];

// Whether a value is named, and not only a layer or a map.
export function whole(glass, place) {
  return place.channel !== null && (glass.layer(place.layer).shape.length === 1 || place.x !== null);
}
