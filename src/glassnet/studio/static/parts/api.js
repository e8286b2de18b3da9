// Asking the server: JSON out and in, errors as the sentences it gives, and streams that rest while nobody looks.
import { useCallback, useEffect, useRef, useState } from "./html.js";

const SILENT = "The studio does not answer. Was it closed? Start it again: glassnet studio";
const AGAIN_MS = 3000;

// Return the server's answer, its body still unread. What goes wrong is thrown as a sentence: the server's own where it gave one.
export async function reach(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(SILENT);
  }
  if (!answer.ok) throw new Error(await refusal(answer));
  return answer;
}

async function refusal(answer) {
  const told = await answer.json().catch(() => ({}));
  return told.error || `The studio answered with ${answer.status}.`;
}

async function ask(path, options) {
  const answer = await reach(path, { headers: { Accept: "application/json", ...(options && options.headers) }, ...options });
  return answer.json().catch(() => ({}));
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

// Listen to a stream of events while the page is in view: `heard` has a function for each name. `changed` is also called when the stream is
// heard again after a rest, since what came in between is missed; `refused` is told why there is no such stream.
export function useStream(path, heard) {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    if (!path) return undefined;
    const names = ["end", ...Object.keys(latest.current).filter((name) => name !== "refused" && name !== "end")];
    let [source, ended, before, timer] = [null, false, false, 0];
    const close = () => { clearTimeout(timer); if (source) source.close(); source = null; };
    const open = () => {
      if (source || ended || document.hidden) return;
      source = new EventSource(path);
      source.onopen = () => {
        tellLine("");
        if (before && latest.current.changed) latest.current.changed({});
        before = true;
      };
      source.onerror = () => {
        close();
        why(path).then((told) => {
          if (ended || source) return;
          if (told.again) timer = setTimeout(open, AGAIN_MS);
          if (told.status === 404 && latest.current.refused) latest.current.refused(told.sentence);
          else if (told.status !== 404) tellLine(told.sentence);
        });
      };
      for (const name of names) {
        source.addEventListener(name, (event) => {
          if (name === "end") { ended = true; close(); }
          if (latest.current[name]) latest.current[name](JSON.parse(event.data));
        });
      }
    };
    const look = () => (document.hidden ? close() : open());
    document.addEventListener("visibilitychange", look);
    window.addEventListener("focus", look);  // perhaps the studio was opened anew in another window
    open();
    return () => { ended = true; document.removeEventListener("visibilitychange", look); window.removeEventListener("focus", look); close(); tellLine(""); };
  }, [path]);
}

// Why a stream broke off, which the browser does not tell: {sentence, status}, and whether it is worth trying again.
async function why(path) {
  const stop = new AbortController();
  try {
    const answer = await fetch(path, { signal: stop.signal });
    if (answer.ok) return { sentence: "", status: 200, again: true };
    return { sentence: await refusal(answer), status: answer.status, again: false };
  } catch {
    return { sentence: SILENT, status: 0, again: true };
  } finally {
    stop.abort();
  }
}

const LINE = "glassnet-line";

function tellLine(sentence) {
  window.dispatchEvent(new CustomEvent(LINE, { detail: sentence }));
}

// Return why the page hears nothing new just now; empty while it does.
export function useLine() {
  const [sentence, setSentence] = useState("");
  useEffect(() => {
    const hear = (event) => setSentence(event.detail);
    window.addEventListener(LINE, hear);
    return () => window.removeEventListener(LINE, hear);
  }, []);
  return sentence;
}
