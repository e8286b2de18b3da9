// What an address says is taken only where a page can show it: somebody may have changed it by hand.

// Return a list of finite numbers, of a certain length where one is given; otherwise what the page begins with.
export function numbers(value, start, length = null) {
  return Array.isArray(value) && value.length && (length === null || value.length === length) && value.every(Number.isFinite) ? value : start;
}

// Return a list of layers: words, and maps that have one. What the words mean is the server's to say.
export function layersOr(value, start) {
  const isLayer = (one) => typeof one === "string" || (typeof one === "object" && one !== null && !Array.isArray(one) && Object.keys(one).length > 0);
  return Array.isArray(value) && value.every(isLayer) ? value : start;
}
