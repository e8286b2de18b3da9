// Numbers, times and states as a person reads them.
const STATES = {
  planned: "planned", running: "training", done: "done", pruned: "given up early", failed: "failed", interrupted: "stopped",
};

export const state = (status) => STATES[status] || status;

export const count = (n) => Number(n).toLocaleString("en");

export function counted(n, word, more = `${word}s`) {
  return `${count(n)} ${n === 1 ? word : more}`;
}

export function number(value, digits = 4) {
  return value === null || value === undefined ? "" : Number(value).toPrecision(digits).replace(/(\.\d*?)0+($|e)/, "$1$2").replace(/\.($|e)/, "$1");
}

export function score(value) {
  return value === null || value === undefined ? "" : value.toFixed(3);
}

// A share as per cent, with one decimal unless another number is asked for; with `of` it is a count among so many.
// An exact half goes to the even digit, as the sentences that come from Python have it.
export function percent(share, digits = 1, of = 1) {
  const whole = (100 * share) / of;
  return `${(digits === 1 && whole % 1 === 0.25 ? whole - 0.05 : whole).toFixed(digits)} %`;
}

export function figure(found) {
  return found ? `${score(found.value)} [${score(found.low)}, ${score(found.high)}]` : "";
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 99.5) return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function time(iso) {
  if (!iso) return "";
  const at = new Date(/[Z+]/.test(iso.slice(10)) ? iso : `${iso}Z`);
  const pad = (n) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

export function setting(value) {
  if (value === null || value === undefined) return "auto";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export const named = (name) => name.replaceAll("_", " ");

// A sentence with a capital at its start; all others stay as they are.
export const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
