// What every page is written with: Preact and htm, as they come from npm.
export { html, render, Component, useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "../vendor/htm-preact.js";

let count = 0;

// Return an id that no other element has.
export function freshId(word) {
  count += 1;
  return `${word}-${count}`;
}
