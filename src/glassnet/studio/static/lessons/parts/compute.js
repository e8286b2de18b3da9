// Asking a lesson to compute: the page never works a figure out by itself.
//   const { value, error, busy } = useCompute("pooling", "pool", { map, size: 2 });   // null instead of values: nothing is asked
//   const made = await compute("playground", "train", values);
import { useEffect, useRef, useState } from "../../parts/html.js";
import { post } from "../../parts/api.js";

export const compute = (lesson, name, values) => post(`/api/lessons/${lesson}/compute/${name}`, values);

// The answer for `values`, asked anew whenever they change. One question is on its way at a time, and after it the newest is asked:
// what lies between is left out. The last good answer stays while the next is worked out, and beside the sentence of a refusal.
export function useCompute(lesson, name, values) {
  const [state, setState] = useState({ value: null, of: null, error: "", busy: values !== null });
  const work = useRef({ asking: false, newest: null, ended: false });
  const text = values === null ? null : JSON.stringify([lesson, name, values]);

  useEffect(() => {
    const own = work.current;
    own.newest = text;
    if (text === null) {
      setState((old) => ({ ...old, busy: false }));
      return;
    }
    setState((old) => (old.busy ? old : { ...old, busy: true }));
    if (own.asking) return;
    const ask = async () => {
      own.asking = true;
      while (!own.ended && own.newest !== null) {
        const mine = own.newest;
        const [where, what, given] = JSON.parse(mine);
        let next;
        try {
          const value = await compute(where, what, given);
          next = () => ({ value, of: given, error: "" });
        } catch (wrong) {
          next = (old) => ({ value: old.value, of: old.of, error: wrong.message });
        }
        if (own.ended) return;
        const last = own.newest === mine;
        setState((old) => ({ ...next(old), busy: own.newest !== null && !last }));
        if (last) break;
      }
      own.asking = false;
    };
    ask();
  }, [text]);

  useEffect(() => {
    work.current.ended = false;
    return () => { work.current.ended = true; };
  }, []);
  return state;
}
