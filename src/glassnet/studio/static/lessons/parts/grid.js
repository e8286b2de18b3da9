// A small table of numbers.
//   <${Grid} label="Picture" values=${rows} change=${setRows} mark=${{ y, x, height: 2, width: 2 }} tint="signed" title="red" />
//   label   what it is, for a screen reader; `title` stands above it
//   change  called with new rows when a number is typed; without it the table is only read
//   pick    called with (y, x) when a cell is clicked, or Enter is pressed in it; arrow keys move from cell to cell
//   point   called with (y, x) when the pointer or the keyboard comes to a cell, and with null when it goes
//   mark    {y, x, height, width}, or a list of those: outlined windows; `at` {y, x}: the cell that is chosen
//   tint    "signed": blue below 0, orange above; "grey": bytes as they look; "tones": black below 0, white above; `most`: the value of
//           the fullest colour
//   digits  decimals shown; without it, as many as a number needs, four that count at most
//   small   true: cells without room to spare, for large tables
import { html, useEffect, useRef, useState } from "../../parts/html.js";
import { number } from "../../parts/words.js";

const minus = (text) => String(text).replace("-", "−");

export function cellText(value, digits) {
  if (value === null || value === undefined) return "";
  if (digits !== undefined) return minus(value.toFixed(digits).replace(/^-(0(\.0+)?)$/, "$1"));
  return minus(Number.isInteger(value) ? value : number(value));
}

function colours(value, tint, most) {
  if (tint === "grey") {
    const byte = Math.max(0, Math.min(255, Math.round(value)));
    return { backgroundColor: `rgb(${byte}, ${byte}, ${byte})`, color: byte > 110 ? "#000000" : "#ffffff" };
  }
  if (tint === "tones") return value > 0 ? { backgroundColor: "#ffffff", color: "#000000" } : { backgroundColor: "#000000", color: "#ffffff" };
  if (tint !== "signed" || !value) return null;
  const share = 0.08 + 0.5 * Math.min(1, Math.abs(value) / (most || 1));
  return { backgroundColor: `rgba(var(${value > 0 ? "--miss" : "--cell"}), ${share.toFixed(3)})` };
}

function edges(marks, y, x) {
  let found = "";
  for (const one of marks) {
    if (y < one.y || x < one.x || y >= one.y + one.height || x >= one.x + one.width) continue;
    found += " marked";
    if (y === one.y) found += " top-edge";
    if (y === one.y + one.height - 1) found += " low-edge";
    if (x === one.x) found += " left-edge";
    if (x === one.x + one.width - 1) found += " right-edge";
  }
  return found;
}

export function Grid({ label, values, change = null, digits, mark = null, at = null, title = "", tint = "", most = null, pick = null, point = null, small = false }) {
  const rows = values || [];
  const [focus, setFocus] = useState([0, 0]);
  const marks = mark === null ? [] : Array.isArray(mark) ? mark : [mark];
  const strongest = most === null ? Math.max(...rows.flat().map(Math.abs), 1e-12) : most;
  const walks = !change && (pick || point);
  const table = useRef(null);
  const walk = (event, y, x) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step) {
      const next = [Math.max(0, Math.min(rows.length - 1, y + step[0])), Math.max(0, Math.min(rows[0].length - 1, x + step[1]))];
      setFocus(next);
      table.current.rows[next[0]].cells[next[1]].focus();
    } else if (pick && (event.key === "Enter" || event.key === " ")) pick(y, x);
    else return;
    event.preventDefault();
  };
  const put = (y, x, value) => change(rows.map((row, r) => (r === y ? row.map((old, c) => (c === x ? value : old)) : row)));
  const [fy, fx] = [Math.min(focus[0], rows.length - 1), Math.min(focus[1], rows.length ? rows[0].length - 1 : 0)];
  return html`<figure class="grid-numbers">
    ${title ? html`<figcaption>${title}</figcaption>` : null}
    <div class="scroll" role=${walks || change ? null : "region"} aria-label=${walks || change ? null : label} tabindex=${walks || change ? null : "0"}>
    <table ref=${table} class=${`grid-cells ${small ? "small" : ""} ${change ? "typed" : ""}`} role=${walks ? "grid" : null} aria-label=${label}
      onMouseLeave=${point ? () => point(null) : null}>
      <tbody>${rows.map((row, y) => html`<tr>${row.map((value, x) => {
        const chosen = at !== null && at.y === y && at.x === x;
        const kind = `${edges(marks, y, x)}${chosen ? " chosen" : ""}`;
        if (change) {
          return html`<td class=${kind} style=${colours(value, tint, strongest)}><${Cell} label=${`${label}, row ${y}, column ${x}`} value=${value}
            change=${(next) => put(y, x, next)} came=${() => { if (point) point(y, x); if (pick) pick(y, x); }} /></td>`;
        }
        if (!walks) return html`<td class=${kind} style=${colours(value, tint, strongest)}>${cellText(value, digits)}</td>`;
        return html`<td class=${`${kind} open`} role="gridcell" aria-selected=${at ? chosen : null} style=${colours(value, tint, strongest)}
          tabindex=${y === fy && x === fx ? 0 : -1} onKeyDown=${(event) => walk(event, y, x)} onFocus=${() => { setFocus([y, x]); if (point) point(y, x); }}
          onMouseEnter=${point ? () => point(y, x) : null} onClick=${pick ? () => pick(y, x) : null}>${cellText(value, digits)}</td>`;
      })}</tr>`)}</tbody>
    </table></div></figure>`;
}

function Cell({ label, value, change, came }) {
  const [text, setText] = useState(String(value));
  useEffect(() => {
    if (Number(text) !== value || text.trim() === "") setText(String(value));
  }, [value]);
  const typed = (event) => {
    setText(event.target.value);
    const found = Number(event.target.value.replace("−", "-").replace(",", "."));
    if (event.target.value.trim() !== "" && Number.isFinite(found)) change(found);
  };
  return html`<input type="text" inputmode="numeric" autocomplete="off" maxlength="9" aria-label=${label} value=${text} onInput=${typed}
    onFocus=${(event) => { event.target.select(); came(); }} onBlur=${() => setText(String(value))} />`;
}
