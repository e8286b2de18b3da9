// The address is the state: path and query say all that a page shows, so that it can be reloaded, gone back to, and shared.
import { useEffect, useState } from "./html.js";

const listeners = new Set();

function read() {
  return { path: location.pathname.replace(/\/+$/, "") || "/", query: new URLSearchParams(location.search) };
}

function tell() {
  listeners.forEach((listener) => listener(read()));
}

window.addEventListener("popstate", tell);

// A click on a link to another state of the studio changes the address and loads nothing.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[href]");
  if (!link || link.target || link.download || link.dataset.whole || link.origin !== location.origin) return;
  if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
  if (/^\/(api|static|script|report)\//.test(link.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

// Return {path, query} of the address, now and whenever it changes.
export function useRoute() {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    listeners.add(setRoute);
    return () => listeners.delete(setRoute);
  }, []);
  return route;
}

// Go to another address; with `instead` the present one is left out of the way back.
export function go(address, instead = false) {
  history[instead ? "replaceState" : "pushState"](null, "", address);
  tell();
}

// Change some values of the query; empty ones are left out.
export function put(values, instead = true) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === "" || value === null || value === undefined) query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ""), instead);
}

// The present address.
export function place() {
  return location.pathname + location.search;
}
