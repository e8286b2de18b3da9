"use strict";
// Opens the pictures behind a cell of the confusion matrix, and puts pictures with their answers in another order.
// Everything else on the page works without a script.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const made = (name, text, cls) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    if (cls) element.className = cls;
    return element;
  };
  for (const matrix of document.querySelectorAll(".confusion")) {
    const split = matrix.dataset.split;
    const place = document.getElementById(`behind-${split}`);
    matrix.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      for (const other of matrix.querySelectorAll("button[aria-pressed=true]")) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", "true");
      const cell = data.cells[split][button.dataset.cell];
      const grid = made("div", "", cell.wide ? "grid wide" : "grid");
      for (const number of cell.pictures) {
        const picture = data.pictures[number];
        const figure = made("figure");
        const image = made("img", "", picture.small ? "pixels" : "");
        image.src = picture.uri;
        image.alt = `${cell.title}: ${picture.name}`;
        const caption = made("figcaption", picture.name);
        caption.title = picture.key;
        figure.append(image, caption);
        grid.append(figure);
      }
      place.replaceChildren(made("h3", cell.title), made("p", cell.note, "note"), grid);
    });
  }
  const orders = {
    score: (a, b) => a.dataset.score - b.dataset.score,
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true }),
    things: (a, b) => b.dataset.things - a.dataset.things,
  };
  for (const sorters of document.querySelectorAll(".sorters")) {
    sorters.hidden = false;
    sorters.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      for (const other of sorters.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
      for (const mosaic of document.querySelectorAll(".mosaic")) {
        const rows = [...mosaic.querySelectorAll(".row")];
        const sizes = rows.map((row) => row.children.length);
        const sorted = rows.flatMap((row) => [...row.children]).sort(orders[button.dataset.sort]);
        rows.forEach((row, i) => row.replaceChildren(...sorted.splice(0, sizes[i])));
      }
    });
  }
})();
// The page of a sweep: sorts its table, chooses two settings, and shows one combination in all charts at once.
(() => {
  const sweep = JSON.parse(document.getElementById("data").textContent).sweep;
  if (!sweep) return;
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const value = (row, column) => {
      const cell = row.cells[column];
      return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
    };
    const compare = (a, b) => {
      if (typeof a === "number" && typeof b === "number") return a - b;
      if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
      return a.localeCompare(b, undefined, { numeric: true });
    };
    heads.forEach((head, column) => {
      if (head.dataset.sort === "none") return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => [value(row, column), row]);
        const empty = (found) => found === "" || found === "off"; // what is not there stands at the end, whichever way
        rows.sort(([a], [b]) => empty(a) - empty(b) || (down ? compare(b, a) : compare(a, b)));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }
  for (const heats of document.querySelectorAll(".heats")) {
    const maps = [...heats.querySelectorAll(".two")];
    const place = heats.querySelector(".chooser");
    if (maps.length < 2) continue;
    const label = document.createElement("label");
    const select = document.createElement("select");
    for (const map of maps) select.append(new Option(map.dataset.name));
    const show = () => maps.forEach((map, i) => { map.hidden = i !== select.selectedIndex; map.open = true; });
    select.addEventListener("change", show);
    label.append(place.dataset.label, select);
    place.append(label);
    place.hidden = false;
    heats.classList.add("choosing");
    show();
  }
  const charts = [...document.querySelectorAll(".linked")];
  const marks = new Map();
  for (const mark of document.querySelectorAll(".linked [data-n]")) {
    const number = Number(mark.dataset.n);
    if (!marks.has(number)) marks.set(number, []);
    marks.get(number).push(mark);
  }
  let lit = null;
  const light = (number, chart) => {
    if (number !== lit) {
      for (const mark of marks.get(lit) ?? []) mark.classList.remove("lit");
      for (const mark of marks.get(number) ?? []) mark.classList.add("lit");
      for (const each of charts) each.classList.toggle("lighting", number !== null);
      lit = number;
    }
    for (const each of charts) {
      const place = each.querySelector(".readout");
      const said = number === null || each !== chart ? place.dataset.hint : sweep.said[number];
      if (place.textContent !== said) place.textContent = said;
    }
  };
  const points = new Map();
  const pointsOf = (mark) => {
    if (!points.has(mark)) {
      points.set(mark, mark.localName === "circle"
        ? [[Number(mark.getAttribute("cx")), Number(mark.getAttribute("cy"))]]
        : mark.getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number)));
    }
    return points.get(mark);
  };
  const apart = ([ax, ay], [bx, by], x, y) => {
    const [dx, dy] = [bx - ax, by - ay];
    const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(x - ax - along * dx, y - ay - along * dy);
  };
  // Lines are thin: what lies nearest to the pointer is meant, as long as it is near.
  const nearest = (svg, event) => {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    let [found, least] = [null, 16];
    for (const mark of svg.querySelectorAll("[data-n]")) {
      const known = pointsOf(mark);
      for (let i = 0; i < known.length; i++) {
        const distance = apart(known[i], known[i + 1] ?? known[i], place.x, place.y);
        if (distance < least) [found, least] = [Number(mark.dataset.n), distance];
      }
    }
    return found;
  };
  for (const chart of charts) {
    const place = chart.querySelector(".readout");
    place.dataset.hint = place.textContent;
    place.hidden = false;
    const point = (event) => {
      const svg = event.target.closest("svg");
      if (svg) light(nearest(svg, event), chart);
    };
    chart.addEventListener("pointermove", point);
    chart.addEventListener("click", point);
    chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") light(null, chart); });
    const here = new Set([...chart.querySelectorAll("[data-n]")].map((mark) => Number(mark.dataset.n)));
    const order = sweep.order.filter((number) => here.has(number));
    chart.querySelector(".marks").addEventListener("keydown", (event) => {
      const at = order.indexOf(lit);
      const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? order.length - 1 : at - 1, Home: 0, End: order.length - 1, Escape: -1 }[event.key];
      if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      light(event.key === "Escape" ? null : order[Math.max(0, Math.min(order.length - 1, next))], chart);
    });
  }
})();
