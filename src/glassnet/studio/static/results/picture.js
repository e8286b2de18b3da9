// One picture of a run's results: it opens in the glass, where every number of its way through the network can be looked at.
import { html } from "../parts/html.js";

export const source = (run, number, side = 112) => `/api/results/${run}/pictures/${number}.png?side=${side}`;

export function Picture({ run, number, name, alt, children, address = source(run, number), large = false }) {
  return html`<figure><a href=${`/glass/${run}?picture=${number}`} aria-label=${`${alt}: ${name}. Open in the glass`}>
      <img class=${large ? "sharp natural" : "sharp"} src=${address} alt="" loading="lazy" width=${large ? 360 : 112} height=${large ? 360 : 112} /></a>
    <figcaption>${children}${children ? html`<br />` : null}<span class="note">${name}</span></figcaption></figure>`;
}
