// A drawing as a word for an address: height, width, then every grey with how often it comes in a row, one byte each, in base64.
// The server reads the same word (glass_source.py).
const DRAWN = "drawn-";

export const isDrawn = (words) => words.startsWith(DRAWN);

export function written(pixels, [height, width]) {
  const bytes = [height, width];
  for (let at = 0; at < pixels.length;) {
    let end = at + 1;
    while (end < pixels.length && pixels[end] === pixels[at] && end - at < 255) end++;
    bytes.push(pixels[at], end - at);
    at = end;
  }
  return DRAWN + btoa(bytes.map((byte) => String.fromCharCode(byte)).join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// {pixels, size} of a word, or null where it cannot be read.
export function read(words) {
  try {
    const text = atob(words.slice(DRAWN.length).replaceAll("-", "+").replaceAll("_", "/"));
    const [height, width] = [text.charCodeAt(0), text.charCodeAt(1)];
    const pixels = new Uint8Array(height * width);
    let at = 0;
    for (let i = 2; i + 1 < text.length; i += 2) {
      pixels.fill(text.charCodeAt(i), at, at + text.charCodeAt(i + 1));
      at += text.charCodeAt(i + 1);
    }
    return at === pixels.length && at > 0 ? { pixels, size: [height, width] } : null;
  } catch {
    return null;
  }
}
