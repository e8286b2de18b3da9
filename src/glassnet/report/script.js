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
