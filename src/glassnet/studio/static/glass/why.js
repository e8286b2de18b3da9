// "Why": heat maps of the answer, features, exciting crops, nearest training pictures, and what if the picture were otherwise.
import { html, useRef } from "../parts/html.js";
import { put } from "../parts/router.js";
import { Wrong } from "../parts/show.js";
import { question, useAsking } from "./why-asking.js";
import Excites from "./why-excites.js";
import Features from "./why-features.js";
import Heat from "./why-heat.js";
import Nearest from "./why-nearest.js";
import WhatIf from "./why-what-if.js";

const PANELS = [
  { name: "heat", title: "Heat map", Panel: Heat },
  { name: "features", title: "Features", Panel: Features },
  { name: "excites", title: "Excites", Panel: Excites },
  { name: "nearest", title: "Nearest", Panel: Nearest },
  { name: "whatif", title: "What if", Panel: WhatIf },
];

// `run` is the run's id, `source` names the picture to the server (`picture=…`), `place` {layer, channel, y, x} is open in the glass or null,
// `open(place)` opens another, `query` is the address's.
export default function Why({ run, source, place, open, query }) {
  const about = useAsking(question(run, "about", source));
  const now = PANELS.find((panel) => panel.name === query.get("panel")) || PANELS[0];
  const tabs = useRef(null);
  const key = (event) => {
    const at = PANELS.indexOf(now);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: PANELS.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const to = (next + PANELS.length) % PANELS.length;
    put({ panel: PANELS[to].name }, false);
    tabs.current.children[to].focus();
  };
  const Panel = now.Panel;
  return html`<section class="why" aria-labelledby="why-title">
    <h2 id="why-title">Why</h2>
    <div class="why-tabs" role="tablist" aria-labelledby="why-title" ref=${tabs} onKeyDown=${key}>${PANELS.map((panel) => html`
      <button type="button" role="tab" id=${`why-tab-${panel.name}`} aria-selected=${panel === now ? "true" : "false"} aria-controls="why-panel"
        tabindex=${panel === now ? 0 : -1} onClick=${() => put({ panel: panel.name }, false)}>${panel.title}</button>`)}</div>
    <div role="tabpanel" id="why-panel" class="why-panel" aria-labelledby=${`why-tab-${now.name}`}>
      ${about.error ? html`<${Wrong} text=${about.error} />` : null}
      ${about.value ? html`<${Panel} key=${now.name} run=${run} source=${source} about=${about.value} place=${place} open=${open} query=${query} />`
        : about.error ? null : html`<p class="note" role="status">Looking at the picture …</p>`}
    </div>
  </section>`;
}
