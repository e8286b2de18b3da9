// explain.html: the fragment says where the reader is, everything on the page follows it.
import { arithmetic } from "./arithmetic.js";
import { prepare } from "./colours.js";
import { byId } from "./elements.js";
import { field } from "./field.js";
import { parsed, written } from "./place.js";
import { Glass } from "./values.js";
import { Workbench } from "./workbench.js";

const glass = new Glass(JSON.parse(byId("data").textContent).glass);
prepare(glass);
byId("glass").hidden = false;

function went(trail, replace) {
  if (replace) history.replaceState(null, "", written(trail));
  else if (location.hash !== written(trail)) history.pushState(null, "", written(trail));
}

const bench = new Workbench(byId("glass"), glass, { went, href: written });

function follow() {
  const found = parsed(glass, location.hash);
  if (found) bench.show(found);
  return found;
}

// Also fires for an address that was typed. Links lead to the glass from elsewhere on the page, and change it in place inside.
addEventListener("popstate", follow);
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  const found = link && parsed(glass, link.getAttribute("href"));
  if (!found || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  bench.go(found);
  const inside = byId("panel").contains(link);
  byId(inside ? "sum-title" : "part-glass").scrollIntoView({ block: inside ? "nearest" : "start" });
});
if (follow()) byId("part-glass").scrollIntoView();
else bench.show(bench.beginning());
// For the curious, in the browser's console: glassnet.arithmetic("conv2", 7, 3, 4)
globalThis.glassnet = { glass, arithmetic: (...at) => arithmetic(glass, ...at), field: (name, at) => field(glass, name, at) };
