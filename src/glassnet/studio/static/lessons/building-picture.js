// What a picture becomes on its way through the layers: a block for each, as tall as its map and as thick as its channels.
import { html } from "../parts/html.js";

const HEIGHT = 120;
const ROOM = 14;
const side = (n, most) => 10 + (HEIGHT - 34) * Math.sqrt(n / most);
const thick = (n) => 4 + 3.2 * Math.log2(n + 1);

// `shape` is [height, width, channels] of the picture, `rows` the server's table.
export function Blocks({ shape, rows }) {
  const shown = rows.filter((row, i) => row.depth === 0 && (i + 1 === rows.length || rows[i + 1].number !== row.number));
  const blocks = [{ name: "picture", output: shape.slice(0, 2).join("×") + `×${shape[2]}`, shape: [shape[2], shape[0], shape[1]], kind: "picture" }, ...shown];
  const most = Math.max(shape[0], ...blocks.filter((block) => block.shape.length === 3).map((block) => block.shape[1]));
  let x = 2;
  const drawn = blocks.map((block) => {
    const map = block.shape.length === 3;
    const wide = map ? thick(block.shape[0]) : 10;
    const high = map ? side(block.shape[1], most) : Math.min(HEIGHT - 24, 8 + 9 * Math.log2(block.shape[0] + 1));
    const made = { ...block, map, wide, high, x };
    x += wide + ROOM;
    return made;
  });
  const said = blocks.map((block) => `${block.name} ${block.output}`).join(", ");
  return html`<div class="scroll build-blocks" tabindex="0" role="region" aria-label="The way of a picture through the layers">
    <svg viewBox=${`0 0 ${x} ${HEIGHT}`} width=${x} height=${HEIGHT} role="img" aria-label=${said}>
      ${drawn.map((block) => html`<g key=${`${block.name}${block.x}`}><title>${block.name}: ${block.output}</title>
        <rect class=${block.kind === "picture" ? "build-block input" : block.map ? "build-block map" : "build-block row"} x=${block.x} y=${(HEIGHT - block.high) / 2}
          width=${block.wide} height=${block.high} rx="2" /></g>`)}
    </svg></div>
  <p class="note">The picture (grey), its maps (blue: as tall as the map, as thick as its channels) and rows of values (orange).</p>`;
}
