// Dragging with mouse, pen or finger: what is held follows the pointer's height between the rows of a list.
import { useCallback, useRef, useState } from "../parts/html.js";

const FAR = 6;  // pixels: less is a click

// Return {held, over, start}: what is held, before which row it would be put, and the handler of a pointer that goes down on it.
// `rows` returns the elements of the list, `drop(what, place)` is told the end.
export function useDrag(rows, drop) {
  const [state, setState] = useState({ held: null, over: -1 });
  const latest = useRef(null);
  latest.current = { rows, drop };
  const start = useCallback((event, what) => {
    if (event.button) return;
    const target = event.currentTarget;
    const from = { x: event.clientX, y: event.clientY };
    let over = -1;
    let dragging = false;
    const move = (next) => {
      if (!dragging && Math.hypot(next.clientX - from.x, next.clientY - from.y) < FAR) return;
      dragging = true;
      const list = latest.current.rows();
      const box = list.length ? list[0].parentElement.getBoundingClientRect() : null;
      const inside = box && next.clientX > box.left - 40 && next.clientX < box.right + 40 && next.clientY > box.top - 60 && next.clientY < box.bottom + 60;
      over = !box ? 0 : inside ? list.filter((row) => { const at = row.getBoundingClientRect(); return next.clientY > at.top + at.height / 2; }).length : -1;
      setState({ held: what, over });
    };
    const end = (next) => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", end);
      target.removeEventListener("pointercancel", end);
      if (dragging) {
        target.addEventListener("click", swallow, { capture: true, once: true });
        setTimeout(() => target.removeEventListener("click", swallow, { capture: true }), 0);
        if (next.type === "pointerup" && over >= 0) latest.current.drop(what, over);
      }
      setState({ held: null, over: -1 });
    };
    target.setPointerCapture(event.pointerId);
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", end);
    target.addEventListener("pointercancel", end);
  }, []);
  return { ...state, start };
}

// The click that a browser sends after a drag means nothing.
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}
