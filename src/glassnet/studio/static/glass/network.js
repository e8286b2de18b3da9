// A run's network, loaded once, and what it makes of the present picture: asked for one picture at a time and then for the newest.
import { useEffect, useMemo, useRef, useState } from "../parts/html.js";
import { reach, useAnswer } from "../parts/api.js";
import { prepare } from "/script/colours.js";
import { colours } from "/script/scale.js";
import { Glass } from "/script/values.js";

prepare({ colours });

// {about, glass, error}: what is known of the run, and its network, still without values.
export function useNetwork(run) {
  const { value, error } = useAnswer(`/api/glass/${run}`);
  const glass = useMemo(() => (value ? new Glass(value.glass) : null), [value]);
  return { about: value, glass, error };
}

async function ask(run, words) {
  const answer = await reach(`/api/glass/${run}/values?picture=${encodeURIComponent(words)}`);
  return opened(await answer.arrayBuffer());
}

// The text says where the values of each layer lie behind it.
function opened(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  for (const layer of head.layers) {
    for (const [kind, Kind] of [["f32", Float32Array], ["u8", Uint8Array]]) {
      const at = layer.values && layer.values[kind];
      if (at) layer.values[kind] = new Kind(buffer, 4 + length + at[0], at[1]);
    }
  }
  return head;
}

// {answer, words, turn, error}: the answer to the newest picture that was looked at, in which words it was asked for, and how many there
// were. `glass` holds its values. While somebody draws, what comes between two answers is never asked.
export function useValues(run, glass, words) {
  const [state, setState] = useState({ answer: null, words: "", turn: 0, error: "" });
  const line = useRef({ busy: false, wish: "", alive: true });
  const begin = () => {
    const now = line.current;
    const mine = now.wish;
    now.busy = true;
    ask(run, mine).then(
      (head) => { if (now.alive) { glass.renew(head); setState((old) => ({ answer: head, words: mine, turn: old.turn + 1, error: "" })); } },
      (error) => now.alive && setState((old) => ({ ...old, error: error.message })))
      .then(() => {
        now.busy = false;
        if (now.alive && now.wish !== mine) begin();
      });
  };
  useEffect(() => {
    line.current.alive = true;
    return () => { line.current.alive = false; };
  }, []);
  useEffect(() => {
    if (!glass || !words) return;
    line.current.wish = words;
    if (!line.current.busy) begin();
  }, [glass, words]);
  return state;
}
