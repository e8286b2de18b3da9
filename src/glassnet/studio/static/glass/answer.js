// What the network answers: a bar for every class, each opening its vote; for places in pictures the picture with the answer drawn in.
import { html } from "../parts/html.js";
import { percent } from "../parts/words.js";

const FEW = 12, SHOWN = 10;

// `answer` is what the server told, `settled` whether this is the picture of the address, `href(at)` the address of a place;
// `opening` is called when one of them is about to be opened.
export default function Answer({ answer, settled, at, href, opening }) {
  const { lines, drawn, said, notes } = answer;
  const likeliest = lines[0];
  // A few classes keep their places, so that nothing jumps while somebody draws.
  const shown = !drawn && lines.length <= FEW ? [...lines].sort((a, b) => a.opens[1] - b.opens[1]) : lines.slice(0, SHOWN);
  const more = lines.length - shown.length;
  return html`<section class="glass-answer" aria-labelledby="glass-answer-title">
    <h2 id="glass-answer-title">The answer</h2>
    ${drawn ? html`<img class="glass-drawn" src=${`data:image/png;base64,${drawn}`} alt=${`The answer drawn into the picture: ${said}`} />` : null}
    <p class="glass-said">${drawn ? said : html`<strong>${said}</strong> <span class="tabular">${percent(likeliest.score)}</span>`}</p>
    <p class="hidden" role="status">${settled ? `The answer: ${said}${drawn ? "" : `, ${percent(likeliest.score)}`}` : ""}</p>
    <ul class=${drawn ? "glass-lines things" : "glass-lines"}>${shown.map((line, i) => html`<li key=${i}><${Line} line=${line} best=${line === likeliest} at=${at} href=${href} opening=${opening} /></li>`)}</ul>
    ${more > 0 ? html`<p class="note">${more} more are not shown.</p>` : null}
    ${notes.map((note) => html`<p class="note" key=${note}>${note}</p>`)}
  </section>`;
}

function Line({ line, best, at, href, opening }) {
  const place = line.opens && line.opens.filter((each) => each !== null).join("/");
  const inside = html`<span class=${best ? "name best" : "name"}>${line.name}</span>
    <span class="track" aria-hidden="true"><span class="share" style=${{ width: `${100 * (line.score || 0)}%` }}></span></span>
    <span class="figure">${line.score === null ? "" : percent(line.score)}</span>`;
  return place
    ? html`<a class="glass-line" href=${href(place)} aria-current=${at === place ? "true" : null} title="Open how this was reckoned" onClick=${opening}>${inside}</a>`
    : html`<span class="glass-line">${inside}</span>`;
}
