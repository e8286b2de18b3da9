// Asking the server: JSON out and in, errors as the sentences it gives, and streams that rest while nobody looks.
import { useCallback, useEffect, useRef, useState } from "./html.js";

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json", ...(options && options.headers) }, ...options });
  } catch {
    throw new Error("The studio does not answer. Was it closed? Start it again: glassnet studio");
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(value.error || `The studio answered with ${answer.status}.`);
  return value;
}

export const get = (path, signal) => ask(path, { signal });

export const post = (path, value = {}) => ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

// Send a file that was dropped or chosen.
export const send = (path, file) => ask(path, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });

// Return {value, error, again} of an address. What was shown stays until the new answer is there; an older answer never comes late.
export function useAnswer(path) {
  const [state, setState] = useState({ value: null, error: "" });
  const number = useRef(0);
  const again = useCallback(() => {
    if (!path) return;
    const mine = ++number.current;
    get(path).then((value) => mine === number.current && setState({ value, error: "" }),
      (error) => mine === number.current && setState((old) => ({ value: old.value, error: error.message })));
  }, [path]);
  useEffect(() => {
    again();
    return () => { number.current += 1; };
  }, [again]);
  return { ...state, again };
}

// Listen to a stream of events while the page is in view: `heard` has a function for each name.
export function useStream(path, heard) {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    if (!path) return undefined;
    let source = null;
    let ended = false;
    const close = () => { source && source.close(); source = null; };
    const open = () => {
      if (source || ended || document.hidden) return;
      source = new EventSource(path);
      for (const name of Object.keys(latest.current)) {
        source.addEventListener(name, (event) => {
          if (name === "end") { ended = true; close(); }
          latest.current[name](JSON.parse(event.data));
        });
      }
      if (!("end" in latest.current)) source.addEventListener("end", () => { ended = true; close(); });
    };
    const look = () => (document.hidden ? close() : open());
    document.addEventListener("visibilitychange", look);
    open();
    return () => { document.removeEventListener("visibilitychange", look); close(); };
  }, [path]);
}
