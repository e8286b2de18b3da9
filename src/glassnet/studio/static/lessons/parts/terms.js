// A sum, term by term: 0 · 7 + 1 · 91 + … + bias = result.
//   <${Terms} terms=${[{ weight: 1, value: 91, product: 91 }]} bias=${1} result=${92} />
// `product`, `bias` and `result` are what a lesson computed; nothing is added up here. `names` says what the factors are,
// `after` [{name, value}] what becomes of the sum (an activation), `point(i)` hears which term is pointed at.
import { html } from "../../parts/html.js";
import { Scroll } from "../../parts/show.js";
import { cellText } from "./grid.js";

function signed(value, digits) {
  const text = cellText(value, digits);
  return value < 0 ? html`<span class="sign">(</span>${text}<span class="sign">)</span>` : text;
}

export function Terms({ terms, bias = null, result, digits, names = ["weight", "input"], after = [], point = null, label = "The sum, term by term" }) {
  const size = Math.max(1, ...terms.map((term) => Math.abs(term.product)));
  const share = (value) => ({ width: `${((100 * Math.abs(value)) / size).toFixed(1)}%` });
  const line = (term, i) => html`<tr key=${i} class=${term.marked ? "marked-row" : null} onMouseEnter=${point ? () => point(i) : null} onMouseLeave=${point ? () => point(null) : null}>
    <td class="number">${signed(term.weight, digits)}</td><td class="number">${signed(term.value, digits)}</td>
    <td class="number"><strong>${cellText(term.product, digits)}</strong></td>
    <td class="lesson-bar-cell" aria-hidden="true"><span class=${`lesson-bar ${term.product < 0 ? "below" : "above"}`} style=${share(term.product)}></span></td></tr>`;
  return html`<${Scroll} label=${label}><table class="lesson-terms">
    <thead><tr><th scope="col" class="number">${names[0]}</th><th scope="col" class="number">× ${names[1]}</th><th scope="col" class="number">= product</th><td aria-hidden="true"></td></tr></thead>
    <tbody>${terms.map(line)}</tbody>
    <tfoot>
      ${bias === null ? null : html`<tr><th scope="row" colspan="2">+ bias</th><td class="number"><strong>${cellText(bias, digits)}</strong></td><td></td></tr>`}
      <tr class="total"><th scope="row" colspan="2">= sum</th><td class="number"><strong role="status">${cellText(result, digits)}</strong></td><td></td></tr>
      ${after.map((one) => html`<tr class="total"><th scope="row" colspan="2">${one.name}</th><td class="number"><strong role="status">${cellText(one.value, digits)}</strong></td><td></td></tr>`)}
    </tfoot></table></${Scroll}>`;
}
