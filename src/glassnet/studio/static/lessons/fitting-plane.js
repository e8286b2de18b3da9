// Points of two classes in a square, and behind them what the network would say of every place.
import { html, useLayoutEffect, useRef } from "../parts/html.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).split(",").map(Number);

// `boundary` are the probabilities of the second class, the upper row first; `places` {x, y, class}.
export function Plane({ places, boundary }) {
  const canvas = useRef(null);
  useLayoutEffect(() => {
    if (boundary) paint(canvas.current, boundary);
  }, [boundary]);
  return html`<figure class="fit-plane">
    <div class="fit-map"><canvas ref=${canvas} width="40" height="40" aria-hidden="true"></canvas>
      <svg viewBox="0 0 100 100" role="img" aria-label=${places ? `${places.x.length} training points of two classes` : "training points"}>
        ${places ? places.x.map((x, i) => (places.class[i]
          ? html`<rect class="orange" x=${100 * x - 1.5} y=${100 - 100 * places.y[i] - 1.5} width="3" height="3" />`
          : html`<circle class="blue" cx=${100 * x} cy=${100 - 100 * places.y[i]} r="1.7" />`)) : null}
      </svg></div>
    <figcaption>● ${places ? places.classes[0] : "blue"} and ■ ${places ? places.classes[1] : "orange"}: the training points. Behind them: what the network answers there.</figcaption>
  </figure>`;
}

function paint(canvas, boundary) {
  const context = canvas.getContext("2d");
  const side = boundary.length;
  const picture = context.createImageData(side, side);
  const ends = [colour("--cell"), colour("--miss")];
  boundary.flat().forEach((share, i) => {
    const of = ends[share > 0.5 ? 1 : 0];
    picture.data.set([...of, 30 + 2 * 150 * Math.abs(share - 0.5)], 4 * i);
  });
  context.putImageData(picture, 0, 0);
}
