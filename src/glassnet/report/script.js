"use strict";
// Opens the pictures behind a cell of the confusion matrix. Everything else on the page works without a script.
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
      const grid = made("div", "", "grid");
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
})();
