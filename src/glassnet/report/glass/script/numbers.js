// Numbers as people read them: so many digits that count, a true minus sign, the same in a terminal and here.

export function shown(value, digits = 6) {
  if (value === null || value === undefined) return "";
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const [, power] = value.toExponential(digits - 1).split("e").map(Number);
  if (power >= -4 && power < digits) return signed(shortened(value.toFixed(Math.max(0, digits - 1 - power))));
  const [front] = value.toExponential(digits - 1).split("e");
  return signed(`${shortened(front)}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`);
}

const signed = (text) => text.replaceAll("-", "−");
const shortened = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

export const counted = (value) => value.toLocaleString("en");

export function sized(shape) {
  return shape.length === 3 ? `${shape[1]}×${shape[2]}×${shape[0]}` : `${counted(shape[0])} value${shape[0] === 1 ? "" : "s"}`;
}

// The same place for narrow screens: conv1 29/8/10.
export function brief(name, place) {
  return `${name} ${place.filter((at) => at !== null && at !== undefined).join("/")}`;
}

export function where([channel, y, x]) {
  return y === null || y === undefined ? `value ${channel}` : `channel ${channel}, row ${y}, column ${x}`;
}
