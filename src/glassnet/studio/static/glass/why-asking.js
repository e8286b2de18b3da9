// Asking the server about a picture: one question at a time and then the newest, so that nothing queues while somebody draws or drags.
import { useEffect, useRef, useState } from "../parts/html.js";
import { reach } from "../parts/api.js";
import { put } from "../parts/router.js";

const PATIENCE = 400; // ms after which an answer that is not wanted any more is given up
const REST = 250; // ms without a change after which it goes into the address

// The address of a part of "why" for the picture that `source` names (`picture=…`).
export function question(run, part, source, values = {}) {
  const query = new URLSearchParams(source);
  for (const [name, value] of Object.entries(values)) if (value !== "" && value !== null && value !== undefined) query.set(name, value);
  return `/api/why/${run}/${part}?${query}`;
}

async function read(path, signal, tell) {
  const answer = await reach(path, { signal });
  if (!/ndjson/.test(answer.headers.get("content-type") || "")) return answer.json().catch(() => ({}));
  const reader = answer.body.getReader();
  const text = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("The studio broke off. Ask again.");
    rest += text.decode(value, { stream: true });
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const line = JSON.parse(rest.slice(0, end));
      rest = rest.slice(end + 1);
      if (line.error) throw new Error(line.error);
      if (line.result) return line.result;
      tell(line);
    }
  }
}

// Return {value, error, busy, told} of what is asked at an address, null for nothing. What was shown stays until the newest answer is there.
export function useAsking(asked) {
  const [state, setState] = useState({ value: null, error: "", busy: false, told: null });
  const line = useRef({ flight: null, wish: null, alive: false, timer: 0 });

  const begin = () => {
    const now = line.current;
    const [mine, stop] = [now.wish, new AbortController()];
    now.wish = null;
    now.flight = { stop, since: performance.now() };
    setState((old) => ({ ...old, busy: true, told: null }));
    const tell = (told) => now.alive && setState((old) => ({ ...old, told }));
    read(mine, stop.signal, tell).then((value) => ({ value, error: "" }), (error) => (stop.signal.aborted ? null : { value: null, error: error.message }))
      .then((found) => {
        now.flight = null;
        clearTimeout(now.timer);
        if (!now.alive) return;
        setState((old) => ({ ...(found || { value: old.value, error: "" }), busy: now.wish !== null, told: null }));
        if (now.wish) begin();
      });
  };
  useEffect(() => {
    const now = line.current;
    now.alive = true;
    return () => {
      now.alive = false;
      clearTimeout(now.timer);
      if (now.flight) now.flight.stop.abort();
    };
  }, []);
  useEffect(() => {
    const now = line.current;
    now.wish = asked;
    if (!now.flight) {
      if (asked) begin();
      return;
    }
    clearTimeout(now.timer);
    now.timer = setTimeout(() => now.flight && now.wish && now.flight.stop.abort(), Math.max(0, now.flight.since + PATIENCE - performance.now()));
  }, [asked]);
  return state;
}

// Values of the address that a hand changes many times a second: [read, set]. They count at once and are written when the hand rests.
export function useResting(query) {
  const [held, setHeld] = useState({});
  const waiting = useRef({ values: {}, timer: 0 });
  useEffect(() => () => clearTimeout(waiting.current.timer), []);
  const set = (values) => {
    const now = waiting.current;
    now.values = { ...now.values, ...values };
    setHeld(now.values);
    clearTimeout(now.timer);
    now.timer = setTimeout(() => {
      put(now.values);
      now.values = {};
      setHeld({});
    }, REST);
  };
  return [(name) => (name in held ? held[name] : query.get(name) || ""), set];
}
