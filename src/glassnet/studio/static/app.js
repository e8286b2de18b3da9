// The shell: reads the address, loads the page it names, and keeps heading, focus and title right.
import { html, render, useEffect, useRef, useState } from "./parts/html.js";
import { useLine } from "./parts/api.js";
import { place, useRoute } from "./parts/router.js";
import { Wrong } from "./parts/show.js";
import { PAGES, pageOf } from "./pages/registry.js";

const loaded = new Map();

function Studio() {
  const route = useRoute();
  const line = useLine();
  const found = pageOf(route.path);
  const [, setLoaded] = useState(0);
  const main = useRef(null);
  const before = useRef(route.path);

  useEffect(() => {
    if (found && !loaded.has(found.page)) {
      found.page.load().then((module) => loaded.set(found.page, module.default), (error) => loaded.set(found.page, () => Broken(error)))
        .then(() => setLoaded((count) => count + 1));
    }
  }, [found && found.page]);
  useEffect(() => {  // a new page begins at its top, for the eye and for a screen reader; a new filter does not
    document.title = `${found ? found.page.title : "Nothing here"} · Glassnet studio`;
    if (before.current !== route.path) {
      before.current = route.path;
      main.current.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }, [route.path]);

  const Page = found && loaded.get(found.page);
  return html`
    <a class="skip" href="#content">Skip to the content</a>
    <header class="top">
      <p class="brand"><a href="/">Glassnet</a></p>
      <nav aria-label="Pages"><ul>${PAGES.filter((page) => page.nav).map((page) => html`
        <li><a href=${page.nav} aria-current=${isIn(page, found) ? "page" : null}>${page.title}</a></li>`)}</ul></nav>
    </header>
    ${line ? html`<div class="line-broken"><${Wrong} text=${`Nothing on this page is live now. ${line}`} /></div>` : null}
    <main id="content" ref=${main} tabindex="-1">
      ${!found ? html`<h1>Nothing here</h1><p>There is no page at <code>${route.path}</code>. <a href="/">Home</a></p>`
        : Page ? html`<${Page} key=${route.path} query=${route.query} ...${found.given} />`
        : html`<p class="note" role="status">Loading …</p>`}
    </main>`;
}

// A picture that is larger than its place is made smaller smoothly; only one that is enlarged shows its pixels.
document.addEventListener("load", ({ target }) => {
  if (target instanceof HTMLImageElement) target.classList.toggle("reduced", target.naturalWidth > target.clientWidth * devicePixelRatio);
}, true);

// A picture that is only looked at beside its name, and is not there, leaves its place empty: no sign of a broken page.
const EMPTY = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
document.addEventListener("error", ({ target }) => {
  if (target instanceof HTMLImageElement && !target.alt && target.src !== EMPTY) target.src = EMPTY;
}, true);

function isIn(page, found) {
  return found !== null && (found.page === page || found.page.under === page.nav);
}

function Broken(error) {
  return html`<h1>This page could not be loaded</h1><p>${String(error)}</p><p><a href=${place()} data-whole="yes">Try again</a></p>`;
}

render(html`<${Studio} />`, document.getElementById("studio"));
