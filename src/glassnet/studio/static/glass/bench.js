// The bench of script/workbench.js inside a page of the studio: it follows the address and the picture.
import { html, useLayoutEffect, useRef } from "../parts/html.js";
import { get } from "../parts/api.js";
import { parsed, written } from "/script/place.js";
import { Workbench } from "/script/workbench.js";

// `turn` counts the pictures that `glass` had values of. `at` is the place in the address, `went(at, replace)` changes it, `href(at)` is the
// address of a place. `words` name the picture to the server, which opens what the page cannot.
export default function Bench({ run, glass, turn, at, words, went, href }) {
  const root = useRef(null);
  const bench = useRef(null);
  const latest = useRef(null);
  latest.current = { words, went, href };

  useLayoutEffect(() => {
    const place = (trail) => written(trail).slice(1);
    bench.current = new Workbench(root.current, glass, {
      went: (trail, replace) => latest.current.went(place(trail), replace),
      href: (trail) => latest.current.href(place(trail)),
      ask: (layer, channel, y, x) => {
        const asked = new URLSearchParams({ picture: latest.current.words, layer, channel });
        if (y !== null) asked.set("y", y);
        if (x !== null) asked.set("x", x);
        return get(`/api/glass/${run}/arithmetic?${asked}`);
      },
    });
  }, [glass]);
  useLayoutEffect(() => {
    // Without a place a map is shown and no value of it, so that the picture is seen whole at first.
    const next = (at && parsed(glass, at)) || bench.current.beginning().map((place) => ({ ...place, y: null, x: null }));
    if (bench.current.address !== written(next)) bench.current.show(next);
  }, [glass, at]);
  useLayoutEffect(() => { if (turn > 1) bench.current.renew(); }, [turn]);

  return html`<div class="workbench" ref=${root}></div>`;
}
