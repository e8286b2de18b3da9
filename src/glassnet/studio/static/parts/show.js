// Small parts that pages share: buttons, states, sentences of failure, progress.
import { html, useLayoutEffect, useRef, useState } from "./html.js";
import { counted, state } from "./words.js";

// A button whose work takes a moment: it cannot be pressed twice, and says what went wrong.
export function Button({ work, children, kind = "", label = null }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const press = () => {
    if (busy) return;
    setBusy(true);
    setError("");
    Promise.resolve(work()).catch((wrong) => setError(wrong.message)).then(() => setBusy(false));
  };
  return html`<button type="button" class=${`button ${kind}`} aria-disabled=${busy} aria-label=${label} onClick=${press}>${children}</button>
    <${Wrong} text=${error} />`;
}

// A sentence of failure, read out as it comes.
export function Wrong({ text }) {
  return text ? html`<p class="wrong" role="alert">${text}</p>` : null;
}

export function State({ status }) {
  return html`<span class=${`state ${status}`}>${state(status)}</span>`;
}

// How far a run is. Takes the same room at every moment.
export function Progress({ run }) {
  const { epochs_done: done, epochs_planned: all } = run;
  const text = all ? `epoch ${done} of ${all}` : counted(done, "epoch");
  return html`<span class="progress">
    ${all ? html`<progress max=${all} value=${done} aria-label=${`${run.name}: ${text}`}></progress>` : null}
    <span class="tabular">${text}</span></span>`;
}

// What a verdict says to do next, with its command. Opening the test set is a button of the studio (`children` says which), until it was opened.
export function Next({ step, opened, children }) {
  const [what, ...command] = (step || "").split(": ");
  const opens = command.length > 0 && command[0].startsWith("glassnet eval");
  if (!step || (opens && opened)) return null;
  return html`<p>Next: ${what}${opens ? html`: ${children}, or ` : command.length ? ": " : null}${command.length ? html`<code>${command.join(": ")}</code>` : null}</p>`;
}

// A table that scrolls sideways by itself on a narrow screen.
export function Scroll({ label, children }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>${children}</div>`;
}

// What a process printed. It follows the end, unless the reader has scrolled up.
export function Log({ label, text }) {
  const box = useRef(null);
  const follows = useRef(true);
  useLayoutEffect(() => {
    if (follows.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const look = () => { follows.current = box.current.scrollTop + box.current.clientHeight >= box.current.scrollHeight - 24; };
  return html`<pre tabindex="0" role="region" aria-label=${label} ref=${box} onScroll=${look}>${text || "Nothing yet."}</pre>`;
}

// A sentence in which what stands between backticks is code.
export function Prose({ text }) {
  return text.split("`").map((part, i) => (i % 2 ? html`<code>${part}</code>` : part));
}
