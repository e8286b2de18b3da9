// Ink and paper of a drawing on the pad of the glass, and the empty one that it begins as.
import { TONES, blank } from "../parts/drawing.js";
import { isDrawn, read, written } from "../parts/drawn.js";

// What a drawing was drawn with: the paper is the grey that comes most often, the ink the one of `manner` that is not the paper.
export function toneOf(pixels, manner) {
  const counts = new Uint32Array(256);
  for (const value of pixels) counts[value] += 1;
  const paper = counts.indexOf(Math.max(...counts));
  if (paper === manner.paper) return { ink: manner.ink, paper };
  if (paper === manner.ink) return { ink: manner.paper, paper };
  return { ink: (paper < 128 ? TONES["white-on-black"] : TONES["black-on-white"]).ink, paper };
}

// Whether nothing is drawn in a word: all its pixels are of one grey.
export function isBlank(words) {
  const found = isDrawn(words) && read(words);
  return Boolean(found) && found.pixels.every((value) => value === found.pixels[0]);
}

// The word of an empty pad.
export const empty = (manner) => written(blank([manner.height, manner.width], manner), [manner.height, manner.width]);
