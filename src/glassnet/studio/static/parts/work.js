// Work that takes the server a while: started by a post to an address, asked after at the same address, shown while it goes on.
import { html, useCallback, useEffect, useState } from "./html.js";
import { get, post } from "./api.js";
import { Button, Wrong } from "./show.js";
import { count } from "./words.js";

const ASK_MS = 250;
const BEGUN = { state: "working", label: "", done: 0, total: 0, error: "" };

// Return how the work at an address stands: {state, label, done, total, error, …}, with `start`. `begins` starts it by itself.
export function useWork(path, begins = true) {
  const [now, setNow] = useState({ path: "", state: "none", error: "" });
  const [turn, setTurn] = useState(begins ? 1 : 0);
  useEffect(() => {
    if (!path || !turn) return undefined;
    let gone = false;
    let timer = 0;
    const fail = (error) => { if (!gone) setNow({ path, state: "failed", error: error.message }); };
    const ask = () => get(path).then((found) => {
      if (gone) return;
      setNow({ ...found, path });
      if (found.state === "working") timer = setTimeout(ask, ASK_MS);
    }, fail);
    setNow({ path, ...BEGUN });
    post(path).then(ask, fail);
    return () => { gone = true; clearTimeout(timer); };
  }, [path, turn]);
  const start = useCallback(() => setTurn((old) => old + 1), []);
  const mine = now.path === path ? now : turn ? BEGUN : { state: "none", error: "" };  // never what another address answered
  return { ...mine, start };
}

// What work says of itself, with a button that ends it where `stop` names an address for that.
export function Working({ work, says, stop = "" }) {
  if (work.state === "working") {
    const counts = work.total ? `${count(work.done)} of ${count(work.total)}` : "";
    return html`<div class="at-work" role="status"><p>${says}</p>
      <p class="progress"><progress max=${work.total || null} value=${work.total ? work.done : null} aria-label=${says}></progress>
        <span class="tabular">${work.label} ${counts}</span></p>
      ${stop ? html`<p><${Button} work=${() => post(stop)}>Stop</${Button}></p>` : null}</div>`;
  }
  if (work.state === "stopped") return html`<p role="status">It was stopped. What was read is kept. <${Button} work=${() => Promise.resolve(work.start())}>Go on</${Button}></p>`;
  if (work.state === "failed") return html`<${Wrong} text=${work.error} /><p><${Button} work=${() => Promise.resolve(work.start())}>Try again</${Button}></p>`;
  return null;
}
