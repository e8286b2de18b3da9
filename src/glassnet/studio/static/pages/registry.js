// Every page of the studio: one line each. `path` has names in it as :id; `nav` puts the page into the menu, `under` beneath another one.
export const PAGES = [
  { path: "/", title: "Home", nav: "/", load: () => import("./home.js") },
  { path: "/ledger", title: "Ledger", nav: "/ledger", load: () => import("./ledger.js") },
  { path: "/data", title: "Data", nav: "/data", load: () => import("./data.js") },
  { path: "/data/:id", title: "Data", under: "/data", load: () => import("./data.js") },
  { path: "/results/:id", title: "Results", under: "/", load: () => import("./results.js") },
  { path: "/glass", title: "Glass", nav: "/glass", load: () => import("./glass.js") },
  { path: "/glass/:id", title: "Glass", under: "/glass", load: () => import("./glass.js") },
  { path: "/training/:id", title: "Training", under: "/", load: () => import("./training.js") },
  { path: "/run/:id", title: "Run", under: "/", load: () => import("./run.js") },
  { path: "/sweeps", title: "Try many settings", under: "/", load: () => import("./sweeps.js") },
  { path: "/sweeps/started/:started", title: "Sweep", under: "/", load: () => import("./sweep.js") },
  { path: "/sweep/:id", title: "Sweep", under: "/ledger", load: () => import("./sweep.js") },
  { path: "/lessons", title: "Lessons", nav: "/lessons", load: () => import("./lessons.js") },
  { path: "/lesson/:name", title: "Lesson", under: "/lessons", load: () => import("./lesson.js") },
  { path: "/compare/:left/:right", title: "Two runs", under: "/ledger", load: () => import("./compare.js") },
];

// Return the page at a path with the values of the names in it, or null.
export function pageOf(path) {
  const parts = path.split("/");
  for (const page of PAGES) {
    const wanted = page.path.split("/");
    if (wanted.length !== parts.length) continue;
    const given = {};
    if (wanted.every((word, i) => (word.startsWith(":") ? (given[word.slice(1)] = decoded(parts[i])) !== "" : word === parts[i]))) {
      return { page, given };
    }
  }
  return null;
}

// A part of an address that was changed by hand may be no text at all; then it stays as it is, and nothing has that name.
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
