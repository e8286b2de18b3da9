// What is being worked on, and how far it is. It takes the same room whether it is there or not.
import { html, useEffect, useState } from "../parts/html.js";
import { count } from "../parts/words.js";

const SOON = 200; // ms: what is quicker is not announced

export function Working({ busy, told, what }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!busy) {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => setLate(true), SOON);
    return () => clearTimeout(timer);
  }, [busy]);
  const far = told && told.total ? `${told.label}, ${count(told.done)} of ${count(told.total)}` : "";
  return html`<p class="why-working note tabular"><span role="status">${busy && late ? `${what} …` : ""}</span>
    ${busy && late && far ? html` <progress max=${told.total} value=${told.done} aria-label=${what}></progress> ${far}` : null}</p>`;
}
